"""What Compose makes of a project's folder: its name, its `.env` and the files that go with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudstorctl.compose import declared_in, source_at
from cloudstorctl.compose.dotenv import variables_in
from cloudstorctl.compose.source import Source
from cloudstorctl.core.judgement import Ruling
from cloudstorctl.core.templates import ANY_TEXT
from cloudstorctl.core.verdict import assess
from cloudstorctl.errors import UsageError
from tests.cli.test_declared_files import Folder, stacks_of
from tests.core.builders import a_reading, a_survey


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def kept(folder: Folder, *names: str, stack: str = "", projects: tuple[str, ...] = ()) -> set[str]:
    """Tell which of these volumes `stack.yml` keeps."""
    source = source_at(folder.path / "stack.yml", "stack.yml")
    told = declared_in(source, stack, {}, [folder.path / project for project in projects])
    verdicts = assess(a_survey(a_reading("w1", *names)), declared=told.stacks).verdicts
    return {str(each.volume.name) for each in verdicts if each.ruling is Ruling.RESERVED}


@pytest.mark.parametrize(
    ("name", "project"),
    [("My.Shop", "myshop"), ("_-a_b-", "a_b-"), ("Q 1", "q1"), ("$NO-X", ANY_TEXT)],
)
def test_compose_writes_the_name_of_a_project_its_own_way(
    folder: Folder, name: str, project: str
) -> None:
    assert project in stacks_of(folder.read(f"name: {name}\nvolumes: {{a: }}"))


def test_a_name_for_the_project_in_the_environment_counts_beside_the_files(folder: Folder) -> None:
    text = "name: shop\nvolumes: {a: }"
    assert stacks_of(folder.read(text, COMPOSE_PROJECT_NAME="blog")) == {"shop", "blog"}
    folder.write(".env", "COMPOSE_PROJECT_NAME=wiki\n")
    assert stacks_of(folder.read(text)) == {"shop", "wiki"}
    assert stacks_of(folder.read("volumes: {a: }")) == {""}, "any, which is more"


def test_the_name_of_the_project_is_a_variable_for_its_files(folder: Folder) -> None:
    text = "volumes: {a: {name: '${COMPOSE_PROJECT_NAME:-x}_a'}}"
    for stack, name in (("", ANY_TEXT), ("shop", "shop")):
        told = folder.read(text, stack)
        assert {each.volumes[0].name for each in told.stacks} == {f"{name}_a", "x_a"}
    told = folder.read(f"name: Shop\n{text}")
    assert {each.volumes[0].name for each in told.stacks} == {"shop_a", "x_a"}
    told = folder.read(f"name: Shop\n{text}", COMPOSE_PROJECT_NAME="blog")
    assert {each.volumes[0].name for each in told.stacks} == {"blog_a"}
    assert told.unset == ()


def test_a_template_is_a_name_as_it_stands_for_compose(folder: Folder) -> None:
    folder.write(
        "stack.yml",
        "services: {web: {image: x, volumes: ['data:/a']}}\n"
        "volumes: {data: {name: '{{.Service.Name}}-{{.Task.Slot}}'}}",
    )
    names = ("shop_web-3", "{{.Service.Name}}-{{.Task.Slot}}", "{{.Service.Name}}-3", "web")
    assert kept(folder, *names, stack="shop") == set(names[:2])


@pytest.mark.parametrize("name", ["yes", "On", "1:30", "2020-01-01", "08", "=", "!own text", "1.0"])
def test_a_name_is_the_text_that_is_written(folder: Folder, name: str) -> None:
    folder.write("stack.yml", f"volumes: {{a: {{name: {name}}}}}")
    written = name.removeprefix("!own ")
    assert kept(folder, written, "true", "90", "1", "8", "text2") == {written}


def test_a_mount_of_numbers_is_a_mount(folder: Folder) -> None:
    assert folder.mounts("services: {a: {volumes: [22:22]}}") == {"22"}


@pytest.mark.parametrize("word", ["true", "True", "yes", "y", "on", "'ON'"])
def test_a_flag_is_any_word_for_yes(folder: Folder, word: str) -> None:
    told = folder.read(f"volumes: {{a: {{external: {word}}}, b: {{external: off}}}}")
    assert [each.external for each in told.stacks[0].volumes] == [True, False]


def test_what_is_reset_is_as_if_it_were_not_there(folder: Folder) -> None:
    folder.write(
        "stack.yml", "name: shop\nvolumes: {a: {name: !reset null}, b: !override {name: c}}"
    )
    assert kept(folder, "shop_a", "null", "c", "shop_b") == {"shop_a", "null", "c"}
    merged = "x-a: &a {name: old}\nvolumes: {a: {<<: *a, name: !reset new}}"
    folder.write("stack.yml", merged)
    assert kept(folder, "old", "new", "x") == {"old", "new"}, "docker looks at no tag"


@pytest.mark.parametrize("name", ["compose.yaml", "compose.yml", "docker-compose.yml"])
@pytest.mark.parametrize("beside", ["compose.override.yaml", "docker-compose.override.yml"])
def test_the_override_of_a_file_that_compose_finds_counts(
    folder: Folder, name: str, beside: str
) -> None:
    folder.write(name, "volumes: {a: , b: {name: b}}")
    folder.write(beside, "name: shop\nvolumes: {a: , c: {name: '${C}'}}")
    folder.write(".env", "C=c\n")
    told = declared_in(source_at(folder.path / name, f"deploy/{name}"), "", {})
    found = {(s.stack, v.key, v.name) for s in told.stacks for v in s.volumes}
    both = {("shop", "a", ""), ("shop", "b", "b"), ("shop", "c", "c")}
    assert found == {("", "a", ""), ("", "b", "b"), *both}
    assert {stack.file for stack in told.stacks} == {f"deploy/{name}", f"deploy/{beside}"}
    folder.write(beside, "volumes: {c: {name: '${1}'}}")
    with pytest.raises(UsageError, match=f"deploy/{beside}, line 1: in volumes.c.name, "):
        declared_in(source_at(folder.path / name, f"deploy/{name}"), "", {})


def test_no_other_file_has_an_override(folder: Folder) -> None:
    folder.write("compose.override.yml", "volumes: {c: [")
    assert folder.names("x") == {"x"}


def test_the_first_file_of_an_include_has_the_folder_for_all(folder: Folder) -> None:
    folder.write("a/one.yml", "volumes: {one: {name: 'one-${V:-d}'}}")
    folder.write("b/two.yml", "include: [more.yml]\nvolumes: {two: {name: 'two-${V:-d}'}}")
    folder.write("a/more.yml", "volumes: {more: {name: 'more-${V:-d}'}}")
    folder.write("a/.env", "V=a")
    folder.write("b/.env", "V=b")
    folder.write("stack.yml", "include: [{path: [a/one.yml, b/two.yml]}]")
    names = ("one-a", "two-a", "more-a", "two-b", "more-b")
    assert kept(folder, *names) == set(names[:3])


def test_files_of_one_stack_may_have_the_variables_and_files_of_each_others_folder(
    folder: Folder,
) -> None:
    folder.write("stack.yml", "include: [more.yml]\nvolumes: {two: {name: 'two-${V:-d}$W'}}")
    folder.write("more.yml", "volumes: {here: {name: here}}")
    folder.write("a/more.yml", "volumes: {there: {name: there}}")
    folder.write("a/.env", "V=a\n")
    folder.write(".env", "V=own\nW=-w\n")
    own = {"two-own-w", "two-d-w", "two-d", "here"}
    names = (*own, "two-a", "there", "two-a-w", "two-")
    assert kept(folder, *names) == own
    # In b there is nothing that this one names: it cannot be deployed there.
    assert kept(folder, *names, stack="shop", projects=("a", "b")) == own | {"two-a", "there"}
    folder.write("b/more.yml", "volumes: {x: }")
    folder.write("b/.env", "V=\n")
    assert kept(folder, *names, stack="shop", projects=("b",)) == own
    folder.write("b/.env", "V=a-w")
    assert kept(folder, *names, stack="shop", projects=("b",)) == own | {"two-a-w"}


def test_the_file_beside_it_counts_before_a_default_and_behind_it(folder: Folder) -> None:
    folder.write(".env", "A=dot\nB='dot'\nC=$A\nD\n# E=x\n")
    assert folder.names("x$A") == {"xdot", "x"}, "docker does not look for it"
    assert folder.names("${A:-d}") == {"dot", "d"}
    assert folder.names("${A:-d}", A="given") == {"given"}
    assert folder.names("${B-d}") == {"dot", "d"}
    assert folder.names("$C") == {ANY_TEXT, ""}, "what it comes from is not looked up"
    assert folder.names("${D}${E}") == {ANY_TEXT * 2, ""}


def test_a_file_for_variables_that_cannot_be_read_is_refused(folder: Folder) -> None:
    (folder.path / ".env").symlink_to(".env")
    assert folder.refusal("volumes: {a: }") == (
        f"{folder.path}/.env: it cannot be read: Too many levels of symbolic links."
    )
    (folder.path / ".env").unlink()
    (folder.path / ".env").mkdir()
    assert folder.names("x") == {"x"}, "Compose does not mind a folder"


def test_files_that_the_environment_names_are_in_the_place_of_the_one_beside(
    folder: Folder,
) -> None:
    folder.write("one.env", "V=one\nW=one\n")
    folder.write("two.env", "W=two\n")
    folder.write(".env", "V=beside\n")
    files = ",".join(str(folder.path / name) for name in ("one.env", "two.env"))
    assert folder.names("${V:-d}-$W", COMPOSE_ENV_FILES=files) == {
        *("one-two", "d-two", "beside-", "d-"),
    }
    assert folder.names("${V:-d}", COMPOSE_ENV_FILES="no.env") == {"d", "beside"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=v", "v"),
        ("A: v", "v"),
        ("export A = v w  # c", "v w"),
        ("export\tA=v#c", "v#c"),
        ("A='v # c' # d", "v # c"),
        ('A="v"\r\n', "v"),
        ("A=v\r\nB=w", "v"),
        ("\ufeffA=v", "v"),
        ('A="v\nB=w"', "v\nB=w"),
        ("A=a'b", "a'b"),
        ("A=", ""),
        ("A=''", ""),
        ("A=1\nA=2", "2"),
        ("# A=1\n\n  A=2", "2"),
        ("A", None),
        ("A\nB=1", None),
        ("export A", None),
        ("A=$B", ANY_TEXT),
        ("A='$B'", ANY_TEXT),
        ('A="\\n"', ANY_TEXT),
        ("A='\\''", ANY_TEXT),
        ("A=\\n", "\\n"),
    ],
)
def test_a_file_for_variables_is_read_as_compose_does(text: str, value: str | None) -> None:
    assert variables_in(text.encode(), ".env").get("A") == value


@pytest.mark.parametrize(
    ("text", "line"),
    [("A=1\nset -a", 2), ("if [ a ]; then", 1), ("A=1\n\nB='x\nC=", 3), ("a/b=1", 1)],
)
def test_a_file_for_variables_that_compose_refuses_is_none_for_docker(
    folder: Folder, text: str, line: int
) -> None:
    with pytest.raises(UsageError, match=rf"^\.env, line {line}: expected NAME=VALUE"):
        variables_in(text.encode(), ".env")
    folder.write(".env", text)
    told = folder.read("volumes: {a: {name: '$A'}}")
    assert [stack.volumes[0].name for stack in told.stacks] == [ANY_TEXT]
    assert "/.env, line " in folder.refusal("volumes: {a: [")


def test_what_either_program_demands_is_refused(folder: Folder) -> None:
    """The other one would go on without it, but who deploys may well have it."""
    for form in ("${U:-${V?}}", "${V?}-$HOME", "${V-${V?}}"):
        assert "the variable V is demanded, and it is not set." in folder.refusal(
            f"volumes: {{a: {{name: '{form}'}}}}"
        )


def test_a_text_has_its_place_where_it_is_read_from(tmp_path: Path) -> None:
    (tmp_path / "b.yml").write_text("volumes: {b: }")
    told = declared_in(Source("standard input", tmp_path, b"include: [b.yml]"), "shop", {})
    assert {stack.file for stack in told.stacks} == {"standard input", "b.yml"}
    with pytest.raises(UsageError, match="a\x00b: it cannot be read"):
        source_at(Path("a\x00b"), "a\x00b")
