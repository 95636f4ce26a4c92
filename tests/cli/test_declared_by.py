"""`--declared-by`: what stack files would mount is kept, or the run ends before it asks anybody."""

from __future__ import annotations

import io
import json
import os
import re
from typing import TYPE_CHECKING

import pytest

from tests.cli.stage import statuses
from tests.cli.test_readme import TEXT
from tests.cli.worlds import a_world, run_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.setups import Setup
    from tests.cli.stage import Stage

DRIVER = "cloudstor:aws"
OLD = f"volumes: {{old: {{name: old, driver: '{DRIVER}'}}}}\n"
OPTION = "--declared-by"
NO_GRACE = '[contexts.prod.prune]\ngrace = "0s"\n'


@pytest.fixture(autouse=True)
def folder(stage: Stage) -> Iterator[Path]:
    """Where the run takes place, with one file that declares `old`."""
    config = stage.folder / "home/.config/cloudstorctl/config.toml"
    config.parent.mkdir(parents=True)
    config.write_text(NO_GRACE)
    here = stage.folder / "repository"
    (here / "deploy").mkdir(parents=True)
    (here / "deploy/old.yml").write_text(OLD)
    before = os.open(".", os.O_RDONLY)
    os.chdir(here)
    yield here
    os.fchdir(before)
    os.close(before)


def asked_nobody(stage: Stage) -> bool:
    return not any(engine.server.seen for engine in stage.swarm.engines.values())


def test_a_prune_keeps_what_the_files_declare_and_removes_the_rest(stage: Stage) -> None:
    document = stage.document("safe-prune", "--yes", OPTION, "deploy/*.yml")
    assert statuses(document)["old"] == "kept"
    assert statuses(document)["older"] == "removed"
    (old,) = (each for each in document["outcomes"] if each["volume"] == "old")
    assert old["detail"] == "It is protected (declared in deploy/old.yml, as any stack)."
    assert stage.swarm.destroyed == ["older"]


def test_a_removal_by_name_is_refused(stage: Stage) -> None:
    ran = stage.run("rm", "old", OPTION, "shop=deploy/old.yml")
    assert ran.code == 4
    assert "It is protected (declared in deploy/old.yml, as stack shop)." in ran.err
    assert stage.swarm.destroyed == []


@pytest.mark.parametrize("command", ["ls", "inspect"])
def test_it_is_shown_as_reserved_with_the_claim(stage: Stage, command: str) -> None:
    (old,) = stage.document(command, "old", OPTION, "shop=deploy/old.yml")["volumes"]
    assert old["ruling"] == "reserved"
    (claim,) = old["claims"]
    assert (claim["kind"], claim["holder"]["type"]) == ("protected", "configuration")
    assert claim["holder"]["name"] == "deploy/old.yml"
    (old,) = stage.document(command, "old")["volumes"]
    assert old["ruling"] == "removable"


def test_the_configuration_names_files_beside_itself(stage: Stage) -> None:
    home = stage.folder / "home/.config/cloudstorctl"
    (home / "stacks").mkdir()
    (home / "stacks/a.yml").write_text(f"volumes: {{er: {{name: older, driver: '{DRIVER}'}}}}")
    protect = '[contexts.prod.protect]\ndeclared_by = ["shop=stacks/*.yml"]\n'
    (home / "config.toml").write_text(f"{NO_GRACE}{protect}")
    document = stage.document("safe-prune", "--dry-run")
    assert [each["volume"] for each in document["removals"]] == ["old"]
    # What the option names is kept besides.
    document = stage.document("safe-prune", "--dry-run", OPTION, "deploy/*.yml")
    assert document["removals"] == []
    files = {(each["file"], each["stack"]) for each in document["declared_by"]["files"]}
    assert files == {(f"{home}/stacks/a.yml", "shop"), ("deploy/old.yml", None)}


def test_the_environment_names_files_too_one_a_line(setup: Setup) -> None:
    setup.write('[contexts.a.protect]\ndeclared_by = ["x.yml"]\n')
    context = setup.load(CLOUDSTORCTL_DECLARED_BY="shop=a b.yml\nc.yml")
    assert context.declared_by == ("shop=a b.yml", "c.yml", f"{setup.file.parent}/x.yml")
    origin = dict(context.origins)["declared_by"]
    assert origin == (
        f"environment CLOUDSTORCTL_DECLARED_BY, file {setup.file}: contexts.a.protect.declared_by"
    )


def test_standard_input_is_a_file_too_and_read_once(stage: Stage) -> None:
    world = a_world(stage.folder, stdin=io.StringIO(OLD))
    words = (OPTION, "shop=-", OPTION, "blog=-", "-o", "json", *stage.swarm.options)
    ran = run_in(world, "safe-prune", "--dry-run", *words)
    assert ran.code == 0, ran.err
    document = json.loads(ran.out)
    assert [each["volume"] for each in document["removals"]] == ["older"]
    assert document["declared_by"]["files"] == [
        {"file": "standard input", "stack": "shop"},
        {"file": "standard input", "stack": "blog"},
    ]


def test_a_file_whose_name_is_like_a_pattern_is_that_file(stage: Stage, folder: Path) -> None:
    (folder / "[x].yml").write_text(OLD)
    assert stage.names("safe-prune", "--dry-run", OPTION, "[x].yml") == ["older"]
    (folder / "a=b.yml").write_text(OLD)
    assert stage.names("safe-prune", "--dry-run", OPTION, "./a=b.yml") == ["older"]


def test_a_variable_that_is_not_set_is_told_and_keeps_more(stage: Stage, folder: Path) -> None:
    (folder / "v.yml").write_text(f"volumes:\n  a: {{name: ol$NO, driver: '{DRIVER}'}}\n")
    ran = stage.run("safe-prune", "--yes", OPTION, "v.yml")
    assert ran.code == 0
    assert "v.yml, line 2: the variable NO is not set." in ran.err
    assert ran.err.count("NO is not set") == 1
    assert stage.swarm.destroyed == []


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("deploy/*.yaml", "deploy/*.yaml: there is no such file, "),
        ("shop=no.yml", "no.yml: there is no such file, "),
        ("deploy", "deploy: it cannot be read: Is a directory."),
        ("bad.yml", "bad.yml, line 1: it is no valid YAML"),
        ("other.yml", "other.yml is no stack file"),
        ("need.yml", "need.yml, line 1: the variable NO is demanded, and it is not set."),
        ("=deploy/old.yml", "--declared-by: expected [STACK=]FILES, such as shop=deploy/*.yml"),
        ("a b=deploy/old.yml", "--declared-by: expected [STACK=]FILES"),
        ("shop=", "--declared-by: expected [STACK=]FILES"),
        ("", "--declared-by: expected a list of texts, found an empty text in the list"),
    ],
)
@pytest.mark.parametrize("command", ["safe-prune", "rm", "ls", "inspect"])
def test_what_would_silently_protect_nothing_is_an_error(
    stage: Stage, folder: Path, command: str, option: str, told: str
) -> None:
    (folder / "bad.yml").write_text("a: [")
    (folder / "other.yml").write_text("a: 1")
    (folder / "need.yml").write_text("volumes: {a: {name: '${NO:?}'}}")
    ran = stage.run(command, "old", OPTION, option)
    assert ran.code == 2
    assert told in ran.err
    assert ran.out == ""
    assert asked_nobody(stage)


def test_a_key_of_the_file_that_names_no_files_is_an_error(setup: Setup) -> None:
    setup.write('[contexts.a.protect]\ndeclared_by = ["=x"]\n')
    assert "protect.declared_by: expected [STACK=]FILES" in setup.refusal()


@pytest.mark.parametrize("words", [("rm", "old"), ("safe-prune", "--yes")])
def test_a_pattern_that_the_shell_has_replaced_is_noticed(
    stage: Stage, folder: Path, words: tuple[str, ...]
) -> None:
    (folder / "deploy/two.yml").write_text(OLD)
    ran = stage.run(*words, OPTION, "deploy/old.yml", "deploy/two.yml")
    assert ran.code == 2
    assert "put the pattern of --declared-by in quotes" in ran.err
    assert stage.swarm.destroyed == []


def test_a_plan_is_carried_out_only_with_the_same_files(stage: Stage, folder: Path) -> None:
    plan = str(stage.folder / "plan.json")
    option = (OPTION, "shop=deploy/old.yml")
    stage.run("safe-prune", "--dry-run", "--plan-out", plan, *option)
    ran = stage.run("apply", plan)
    assert ran.code == 6
    assert (
        "  It was made with --declared-by 'shop=deploy/old.yml', which is not given now.\n"
    ) in ran.err
    assert ran.err.count("\n") == 3, "nothing else is stale"
    (folder / "deploy/old.yml").write_text(f"{OLD}services: {{web: {{volumes: ['more:/m']}}}}\n")
    ran = stage.run("apply", plan, *option)
    assert ran.code == 6
    assert "keep other volumes now" in ran.err
    (folder / "deploy/old.yml").write_text(f"# the same\n{OLD}")
    assert statuses(stage.document("apply", plan, *option)) == {"older": "removed"}
    assert stage.swarm.destroyed == ["older"]


def test_what_appears_in_a_file_after_the_plan_is_kept(stage: Stage) -> None:
    plan = str(stage.folder / "plan.json")
    stage.run("safe-prune", "--dry-run", "--plan-out", plan)
    ran = stage.run("apply", plan, OPTION, "deploy/old.yml")
    assert ran.code == 6
    assert "old: it is reserved now. It is protected (declared in deploy/old.yml" in ran.err
    assert stage.swarm.destroyed == []


def test_files_of_one_stack_are_read_with_the_variables_of_each_others_folder(
    stage: Stage, folder: Path
) -> None:
    (folder / "deploy/.env").write_text("NAME=older\n")
    (folder / "more").mkdir()
    (folder / "more/er.yml").write_text("volumes: {er: {name: '${NAME:-no}'}}\n")
    old = (OPTION, "shop=deploy/old.yml", OPTION)
    assert stage.names("safe-prune", "--dry-run", *old, "shop=more/er.yml") == []
    for other in ("more/er.yml", "blog=more/er.yml"):
        assert stage.names("safe-prune", "--dry-run", *old, other) == ["older"]


def test_the_example_of_the_readme_keeps_what_it_says(stage: Stage, folder: Path) -> None:
    part = TEXT[TEXT.index("`deploy/shop.yml`") :]
    example = re.search(r"```yaml\n(.*?)```", part, re.DOTALL)
    command = re.search(r"\$ cloudstorctl (.*--declared-by.*)\n", part)
    assert example
    assert command
    (folder / "deploy/shop.yml").write_text(example[1])
    for name in ("shop_uploads", "shop_web-2-state", "blog_uploads"):
        stage.swarm.list_volume(name)
    words = command[1].replace("'", "").split()
    document = stage.document(*words, "--max-percent", "100")
    assert [each for each, status in statuses(document).items() if status == "removed"] == [
        "blog_uploads",
        "older",
    ]
    told = [each["detail"] for each in document["outcomes"] if each["volume"] == "shop_uploads"]
    assert told == ["It is protected (declared by service web in deploy/shop.yml, as stack shop)."]


@pytest.mark.parametrize("name", ["{{.Bogus}}-q", "{{index .Service.Labels `x`}}-blue"])
def test_a_name_that_could_be_any_is_told_with_its_file(stage: Stage, name: str) -> None:
    volumes = {"volumes": {"q": {"name": name, "driver": DRIVER}}}
    services = {"services": {"web": {"image": "x", "volumes": ["q:/d"]}}}
    path = stage.folder / "repository/deploy/any.yml"
    path.write_text(json.dumps({**services, **volumes}))
    ran = stage.run("ls", "older", OPTION, "shop=deploy/any.yml")
    assert ran.err == (
        f"deploy/any.yml: what {name} yields cannot be told, so that it keeps every volume.\n"
    )
    assert "reserved" in ran.out
    assert stage.run("ls", "older", OPTION, "shop=deploy/old.yml").err == ""
