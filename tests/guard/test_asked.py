from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudstorctl.guard.asked import ChangePlugin, RemoveVolume, Unclear, asked_by

NAME = "ping2-1-vol"


@pytest.mark.parametrize(
    ("uri", "names"),
    [
        ("/volumes/data", ("data",)),
        ("/v1.41/volumes/data", ("data",)),
        ("/v1/volumes/data", ("data",)),
        ("/v./volumes/data", ("data",)),
        ("/V1.41/volumes/data", ("data",)),
        ("/volumes/data?force=true", ("data",)),
        ("/volumes/data?force=1&a=/../%2e%2e?b", ("data",)),
        ("/volumes/data/", ("data/", "data")),
        ("/volumes/data//", ("data//", "data")),
        ("/volumes//data", ("/data", "data")),
        ("//volumes/data", ("data",)),
        ("//host/volumes/data", ("data",)),
        ("/./volumes/./data/.", ("./data/.", "data")),
        ("/volumes/a/b", ("a/b",)),
        ("/volumes/a%2fb", ("a%2fb", "a/b")),
        ("/volumes%2Fdata", ("data",)),
        ("/%76olumes/data", ("data",)),
        ("/%2576olumes/data", ("data",)),
        ("/volumes/%64ata", ("%64ata", "data")),
        ("/volumes/%2564ata", ("%2564ata", "%64ata", "data")),
        ("/volumes/%2e/data", ("%2e/data", "./data", "data")),
        ("/volumes/data#x", ("data#x", "data")),
        ("/volumes/data%23x", ("data%23x", "data#x", "data")),
        ("/volumes/data%3Fx", ("data%3Fx", "data?x", "data")),
        ("http://host/volumes/data", ("data",)),
        ("http:///volumes/data", ("data",)),
        ("HTTPS://user@host:80/v1.41/volumes/data?x", ("data",)),
        ("unix:/volumes/data", ("data",)),
        ("/volumes/volumes/data", ("volumes/data",)),
        ("/volumes/json", ("json",)),
        ("/volumes/prune", ("prune",)),
        ("/volumes/data%zz", ("data%zz",)),
        ("/volumes/%C3%A9", ("%C3%A9", "é")),
    ],
)
def test_the_removal_of_a_volume_is_read_from_every_form(uri: str, names: tuple[str, ...]) -> None:
    for method in ("DELETE", "delete"):
        assert asked_by(method, uri) == RemoveVolume(names)


@pytest.mark.parametrize(
    "uri",
    [
        "/volumes/x/../data",
        "/volumes/..",
        "/volumes/../volumes/data",
        "/containers/../volumes/data",
        "/volumes/x/%2e%2e/data",
        "/volumes/%252e%252e/data",
        "/volumes/..%2fdata",
        "/v1.41/plugins/../x",
    ],
)
def test_a_path_that_climbs_is_not_understood(uri: str) -> None:
    assert asked_by("DELETE", uri) == Unclear("its path climbs out of where it is ('..')")


@pytest.mark.parametrize("uri", ["/volumes/", "/volumes//", "/volumes/.", "/v1.41/volumes/"])
def test_a_removal_without_a_name_is_not_understood(uri: str) -> None:
    assert asked_by("DELETE", uri) == Unclear("it names no volume")


@pytest.mark.parametrize("text", ["%00", "%0a", "%1b", "%7f", "%ff", "%ed%a0%80", "\ufffd"])
def test_a_name_that_is_no_text_is_not_understood(text: str) -> None:
    """Engines hand bytes that are no UTF-8 to the driver as U+FFFD."""
    assert asked_by("DELETE", f"/volumes/da{text}ta") == Unclear("its name holds what is no text")


def test_a_name_that_is_encoded_over_and_over_is_not_understood() -> None:
    path = NAME
    for _ in range(9):
        path = quote(f"%{ord(path[0]):x}{path[1:]}")
    asked = asked_by("DELETE", f"/volumes/{path}")
    assert asked == Unclear("its path is encoded too many times over")


def test_a_name_that_is_longer_than_any_path_is_not_understood() -> None:
    asked = asked_by("DELETE", f"/volumes/{'x' * 5000}")
    assert asked == Unclear("its name is longer than any path")


@pytest.mark.parametrize(
    ("method", "uri", "names", "how"),
    [
        ("POST", "/plugins/cloudstor:aws/disable?force=1", ("cloudstor:aws",), "disable"),
        ("POST", "/v1.41/plugins/a/b:c/set", ("a/b:c",), "set"),
        ("post", "/plugins/x/upgrade?remote=y", ("x",), "upgrade"),
        ("POST", "/plugins/x/disable/", ("x",), "disable"),
        ("POST", "/plugins/a%2fb/%64isable", ("a/b",), "disable"),
        ("POST", "http://host/plugins/x/disable", ("x",), "disable"),
        ("DELETE", "/plugins/cloudstor:aws?force=1", ("cloudstor:aws",), "remove"),
        ("DELETE", "/plugins/cloudstor%3Aaws", ("cloudstor%3Aaws", "cloudstor:aws"), "remove"),
        ("DELETE", "/v1.45/plugins/docker.io/a/b", ("docker.io/a/b",), "remove"),
        ("DELETE", "/plugins/x/", ("x",), "remove"),
    ],
)
def test_the_change_of_a_plugin_is_read(
    method: str, uri: str, names: tuple[str, ...], how: str
) -> None:
    assert asked_by(method, uri) == ChangePlugin(names, how)


@pytest.mark.parametrize(
    ("method", "uri"),
    [
        ("GET", "/volumes/data"),
        ("HEAD", "/volumes/data"),
        ("PUT", "/volumes/data"),
        ("POST", "/volumes/data"),
        ("POST", "/volumes/create"),
        ("POST", "/volumes/prune"),
        ("DELETE", "/volumes"),
        ("DELETE", "/containers/x?v=1&force=1"),
        ("DELETE", "/containers/volumes"),
        ("DELETE", "/images/volumes/plugins"),
        ("DELETE", "/Volumes/data"),
        ("DELETE", "/volumesx/data"),
        ("DELETE", "/v1.41/v1.41/volumes/data"),
        ("DELETE", "*"),
        ("DELETE", ""),
        ("POST", "/plugins/x/enable"),
        ("POST", "/plugins/x/push"),
        ("POST", "/plugins/x/remove"),
        ("POST", "/plugins/pull?remote=cloudstor"),
        ("POST", "/plugins/create?name=disable"),
        ("POST", "/plugins/disable"),
        ("POST", "/images/plugins/push"),
        ("POST", "/containers/x/../volumes"),
        ("DELETE", "/plugins"),
        ("DELETE", "/plugins/"),
        ("POST", "/build?remote=http%253A%25252F%252525252F"),
        ("", "/volumes/data"),
    ],
)
def test_all_else_is_none_of_its_business(method: str, uri: str) -> None:
    assert asked_by(method, uri) is None


@given(st.sampled_from(["DELETE", "POST"]), st.text())
def test_no_request_is_too_odd_to_be_read(method: str, uri: str) -> None:
    asked_by(method, uri)
    asked_by(method, f"/volumes/{uri}")


@given(
    st.text("abé/. ~%?#", min_size=1, max_size=6),
    st.integers(0, 3),
    st.sampled_from(["", "/v1.41", "http://h", "//h", "/."]),
    st.sampled_from(["", "?force=1", "/", "#"]),
)
def test_the_name_is_among_the_readings_however_it_is_written(
    name: str, times: int, before: str, after: str
) -> None:
    written = name if not {*name} & {*"%?#"} else quote(name)
    for _ in range(times):
        written = "".join(f"%{byte:02x}" for byte in written.encode())
    asked = asked_by("DELETE", f"{before}/volumes/{written}{after}")
    if isinstance(asked, RemoveVolume):
        name += after.partition("?")[0]
        clean = "/".join(part for part in name.split("/") if part not in {"", "."})
        assert {name, clean} <= {*asked.names}
    else:
        assert isinstance(asked, Unclear)
