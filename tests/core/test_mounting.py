"""The flag and the snippet of `mount`, and what it does not take."""

from __future__ import annotations

import csv
import shlex

import pytest
import yaml

from cloudstorctl.core.mounting import Wanted, as_word, check, compose, flag_of, mount_of, per_task
from cloudstorctl.errors import UsageError

DRIVER = "cloudstor:aws"


def wanted(
    shared: str | None = None, *, target: str = "/data", service: str = "web", maxio: bool = False
) -> Wanted:
    return Wanted(service=service, target=target, shared=shared, maxio=maxio)


def flag(wanted: Wanted, driver: str) -> str:
    return flag_of(mount_of(wanted, driver))


def fields_of(text: str) -> list[str]:
    """Read a flag as a shell and then docker do."""
    option, value = shlex.split(text)
    assert option == "--mount"
    (fields,) = csv.reader([value], strict=True)
    return fields


def test_each_task_has_a_volume_of_its_own_unless_told_otherwise() -> None:
    assert flag(wanted(), DRIVER) == (
        "--mount 'type=volume,source={{.Service.Name}}-{{.Task.Slot}}-data,target=/data,"
        "volume-driver=cloudstor:aws'"
    )


def test_a_shared_volume_with_a_performance_mode() -> None:
    assert flag(wanted("assets", maxio=True), DRIVER) == (
        "--mount type=volume,source=assets,target=/data,volume-driver=cloudstor:aws,"
        "volume-opt=perfmode=maxio"
    )


@pytest.mark.parametrize("text", ["/a,b", '/a"b', "/it's", "/a b", "/$HOME `id`", "/\",'"])
def test_a_shell_and_docker_read_a_path_as_it_was_given(text: str) -> None:
    assert fields_of(flag(wanted("n", target=text), DRIVER)) == [
        "type=volume",
        "source=n",
        f"target={text}",
        f"volume-driver={DRIVER}",
    ]


def test_the_snippet_does_the_same() -> None:
    assert compose(wanted(maxio=True), DRIVER) == (
        "services:\n"
        "  web:\n"
        "    volumes:\n"
        "      - type: volume\n"
        "        source: data\n"
        "        target: /data\n"
        "volumes:\n"
        "  data:\n"
        '    name: "{{.Service.Name}}-{{.Task.Slot}}-data"\n'
        '    driver: "cloudstor:aws"\n'
        "    driver_opts:\n"
        "      perfmode: maxio\n"
    )


@pytest.mark.parametrize("name", ["true", "NO", "7", "a: b", "# a", '"', "héé", "🐳", "a-b_c"])
def test_yaml_reads_every_name_as_the_text_it_is(name: str) -> None:
    read = yaml.safe_load(compose(wanted(name, target=f"/{name}", service="n"), DRIVER))
    ((key, declared),) = read["volumes"].items()
    assert declared == {"name": name, "driver": DRIVER}
    assert read["services"]["n"]["volumes"][0]["source"] == key
    assert read["services"]["n"]["volumes"][0]["target"] == f"/{name}"


def test_a_dollar_is_no_variable_of_the_compose_file() -> None:
    read = yaml.safe_load(compose(wanted("a$b"), DRIVER))
    assert read["volumes"]["a-b"]["name"] == "a$$b"


def test_in_the_file_of_its_stack_a_service_goes_by_its_short_name() -> None:
    text = compose(wanted(service="shop_db"), DRIVER, stack="shop")
    assert list(yaml.safe_load(text)["services"]) == ["db"]
    text = compose(wanted(service="shop_db"), DRIVER)
    assert list(yaml.safe_load(text)["services"]) == ["shop_db"]


@pytest.mark.parametrize("service", ["web", "shop_db", "a--b", "0", "x" * 63])
def test_services_may_have_these_names(service: str) -> None:
    check(wanted(service=service))


@pytest.mark.parametrize("service", ["", "-a", "a_", "a.b", "a b", "ä", "x" * 64, "a\n"])
def test_no_service_has_such_a_name(service: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name of a service"):
        check(wanted(service=service))


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "makes a new volume for each task"),
        (" a", "blanks at an end"),
        ("a\n", "blanks at an end"),
        ("a\x1bb", "do not print"),
        (per_task("/data"), "it is a template"),
        ("/a", "it is a path"),
        ("..", "it is a path"),
        ("a/./b", "it is a path"),
        ("ä" * 128, "longer than 255 bytes"),
    ],
)
def test_no_volume_has_such_a_name(name: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        check(wanted(name))


@pytest.mark.parametrize("name", ["a", "a/b", "a,b", "ä" * 127, "x" * 255])
def test_volumes_may_have_these_names(name: str) -> None:
    check(wanted(name))


@pytest.mark.parametrize("target", ["", "data", "/", "//", "/a\nb"])
def test_a_target_is_an_absolute_path_below_the_root(target: str) -> None:
    with pytest.raises(UsageError, match="is not a path in a container"):
        check(wanted(target=target))


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("/var/lib/x/", "var-lib-x"),
        ("a b,c", "a-b-c"),
        ("{{.Task.ID}}", ""),
        ("é", ""),
        ("a" * 200, "a" * 100),
    ],
)
def test_of_a_text_the_letters_are_taken_that_fit_into_a_name(text: str, word: str) -> None:
    assert as_word(text) == word


def test_two_paths_of_a_service_are_two_volumes() -> None:
    snippets = [yaml.safe_load(compose(wanted(target=path), DRIVER)) for path in ("/data", "/logs")]
    assert [list(each["volumes"]) for each in snippets] == [["data"], ["logs"]]
    assert [per_task(path) for path in ("/logs", "/é")] == [
        "{{.Service.Name}}-{{.Task.Slot}}-logs",
        "{{.Service.Name}}-{{.Task.Slot}}-vol",
    ]
