"""What is not of the shape that the API promises is an error with engine, path and field."""

from __future__ import annotations

import copy
from contextlib import suppress
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloudstorctl.errors import PayloadError
from cloudstorctl.swarm import decode, decode_state
from cloudstorctl.swarm.bodies import blaming
from cloudstorctl.swarm.client import open_client
from cloudstorctl.swarm.endpoints import endpoint_from
from tests.core.builders import node_id
from tests.edge import payloads
from tests.edge.engine_server import EngineServer, html_reply, json_reply
from tests.edge.payloads import body_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cloudstorctl.swarm.client import Client

W1 = node_id("w1")
DECODERS: dict[str, Callable[[bytes], object]] = {
    "/info": decode.identity_from,
    "/nodes": decode_state.nodes_from,
    "/services": decode_state.services_from,
    "/tasks": decode_state.tasks_from,
    "/volumes": lambda body: decode.listing_from(body, W1),
    "/containers/json": lambda body: decode.containers_from(body, W1),
    "/plugins": decode.plugins_from,
}
SOUND: dict[str, Any] = {
    "/info": payloads.info("m1", manager=True),
    "/nodes": [payloads.node("m1", manager=True)],
    "/services": [payloads.service("web", "data", previous=payloads.service_spec())],
    "/tasks": [payloads.task(payloads.service("web", "data"))],
    "/volumes": {"Volumes": [payloads.volume("data")], "Warnings": ["x"]},
    "/containers/json": [payloads.container("app", "data")],
    "/plugins": [payloads.plugin()],
}
ABSENT = object()


def with_field(payload: Any, where: tuple[str | int, ...], value: object) -> Any:  # noqa: ANN401
    """Give the payload with one field set, or taken out."""
    changed = copy.deepcopy(payload)
    holder = changed
    for key in where[:-1]:
        holder = holder[key]
    if value is ABSENT:
        del holder[where[-1]]
    else:
        holder[where[-1]] = value
    return changed


SPEC = (0, "Spec")
CONTAINER_SPEC = (*SPEC, "TaskTemplate", "ContainerSpec")
BAD: list[tuple[str, tuple[str | int, ...], object, str]] = [
    ("/info", ("Name",), ABSENT, "Name is missing"),
    ("/info", ("Name",), 7, "Name is a number, expected text"),
    ("/info", ("Swarm",), [], "Swarm is a list, expected an object"),
    ("/info", ("Swarm", "NodeID"), {}, "Swarm.NodeID is an object, expected text"),
    ("/info", ("Swarm", "ControlAvailable"), "yes", "Swarm.ControlAvailable is text, expected"),
    ("/info", ("Swarm", "Cluster", "ID"), 1, "Swarm.Cluster.ID is a number, expected text"),
    ("/nodes", (0,), None, "[0] is missing, expected an object"),
    ("/nodes", (0, "ID"), ABSENT, "[0].ID is missing"),
    ("/nodes", (0, "Status"), ABSENT, "[0].Status is missing"),
    ("/nodes", (0, "Status", "Addr"), 1, "[0].Status.Addr is a number, expected text"),
    ("/nodes", (0, "Description"), "x", "[0].Description is text, expected an object"),
    (
        "/nodes",
        (0, "Description", "Engine", "Plugins"),
        {},
        "[0].Description.Engine.Plugins is an object, expected a list",
    ),
    ("/services", (0, "ID"), None, "[0].ID is missing, expected text"),
    ("/services", (*SPEC, "Name"), ABSENT, "[0].Spec.Name is missing"),
    ("/services", SPEC, ABSENT, "[0].Spec is missing"),
    ("/services", (*SPEC, "Mode", "Replicated", "Replicas"), "3", "is text, expected a whole numb"),
    ("/services", (*SPEC, "Mode", "Replicated", "Replicas"), 1.5, "is a number, expected a whole"),
    ("/services", (*SPEC, "Mode", "Replicated", "Replicas"), True, "is true or false, expected"),
    ("/services", (*SPEC, "Labels"), ["a"], "[0].Spec.Labels is a list, expected an object"),
    ("/services", (*SPEC, "Labels"), {"a": 1}, "[0].Spec.Labels[...] is a number, expected text"),
    ("/services", (*CONTAINER_SPEC, "Mounts"), {}, "Mounts is an object, expected a list"),
    ("/services", (*CONTAINER_SPEC, "Mounts", 0), "x", "Mounts[0] is text, expected an object"),
    ("/services", (*CONTAINER_SPEC, "Mounts", 0, "Source"), 1, "Mounts[0].Source is a number"),
    ("/services", (0, "PreviousSpec", "TaskTemplate"), [], "PreviousSpec.TaskTemplate is a list"),
    ("/tasks", (0, "ID"), ABSENT, "[0].ID is missing"),
    ("/tasks", (0, "Status"), None, "[0].Status is missing, expected an object"),
    ("/tasks", (0, "Slot"), "1", "[0].Slot is text, expected a whole number"),
    ("/tasks", (0, "NodeID"), 1, "[0].NodeID is a number, expected text"),
    ("/tasks", (0, "Spec", "ContainerSpec"), [], "[0].Spec.ContainerSpec is a list, expected an"),
    ("/volumes", ("Volumes",), ABSENT, "Volumes is missing"),
    ("/volumes", ("Volumes",), {}, "Volumes is an object, expected a list"),
    ("/volumes", ("Volumes", 0), None, "Volumes[0] is missing, expected an object"),
    ("/volumes", ("Volumes", 0, "Name"), ABSENT, "Volumes[0].Name is missing"),
    ("/volumes", ("Volumes", 0, "Driver"), [], "Volumes[0].Driver is a list, expected text"),
    ("/volumes", ("Volumes", 0, "Options"), "x", "Volumes[0].Options is text, expected an object"),
    ("/volumes", ("Warnings",), "x", "Warnings is text, expected a list"),
    ("/volumes", ("Warnings",), [1], "Warnings[0] is a number, expected text"),
    ("/containers/json", (0, "Id"), ABSENT, "[0].Id is missing"),
    ("/containers/json", (0, "State"), ABSENT, "[0].State is missing"),
    ("/containers/json", (0, "Mounts"), ABSENT, "[0].Mounts is missing"),
    ("/containers/json", (0, "Mounts"), "x", "[0].Mounts is text, expected a list"),
    ("/containers/json", (0, "Mounts", 0, "Name"), 1, "[0].Mounts[0].Name is a number"),
    ("/containers/json", (0, "Mounts", 0, "RW"), "y", "[0].Mounts[0].RW is text, expected true"),
    ("/containers/json", (0, "Labels"), [], "[0].Labels is a list, expected an object"),
    ("/containers/json", (0, "Names"), "x", "[0].Names is text, expected a list"),
    ("/plugins", (0, "Name"), ABSENT, "[0].Name is missing"),
    ("/plugins", (0, "Enabled"), ABSENT, "[0].Enabled is missing"),
    ("/plugins", (0, "Settings", "Env"), [None], "[0].Settings.Env[0] is missing, expected text"),
    ("/plugins", (0, "Config", "Interface", "Types"), "x", "Interface.Types is text, expected a"),
]


def read(path: str, payload: object) -> object:
    """Decode an answer, and tell what is wrong with it as a client does."""
    body = body_of(payload)
    with blaming("tcp://w1:2375", path, body):
        return DECODERS[path](body)


def asked(client: Client, path: str) -> object:
    match path:
        case "/volumes":
            return client.volumes(W1)
        case "/containers/json":
            return client.containers(W1)
        case "/info":
            return client.identity()
        case _:
            return getattr(client, path[1:])()


def test_the_payloads_that_are_spoilt_here_are_sound_themselves() -> None:
    for path, payload in SOUND.items():
        assert read(path, payload)


@pytest.mark.parametrize(("path", "where", "value", "told"), BAD)
def test_a_field_of_the_wrong_shape_is_named(
    path: str, where: tuple[str | int, ...], value: object, told: str
) -> None:
    with pytest.raises(PayloadError) as caught:
        read(path, with_field(SOUND[path], where, value))
    assert told in str(caught.value)


@pytest.mark.parametrize("path", sorted(DECODERS))
@pytest.mark.parametrize("answer", [None, "text", 3, True])
def test_an_answer_that_is_no_collection_is_refused(path: str, answer: object) -> None:
    with pytest.raises(PayloadError, match="unexpected answer: it is "):
        read(path, answer)


@pytest.mark.parametrize("path", sorted(DECODERS))
def test_a_list_in_place_of_an_object_and_the_other_way_round_is_refused(path: str) -> None:
    with pytest.raises(PayloadError, match="unexpected answer: it is "):
        read(path, {} if isinstance(SOUND[path], list) else [])


@pytest.mark.parametrize("path", ["/info", "/volumes"])
def test_an_object_without_anything_in_it_is_refused(path: str) -> None:
    with pytest.raises(PayloadError, match="is missing"):
        read(path, {})


@pytest.mark.parametrize("path", sorted(DECODERS))
def test_over_the_wire_the_error_names_engine_path_and_field(path: str, tmp_path: Path) -> None:
    answer: Any = [{}] if isinstance(SOUND[path], list) else {}
    with EngineServer({path: json_reply(answer)}, unix=tmp_path / "s") as server:
        client = open_client(endpoint_from(server.url), tls=None, timeout=10)
        with pytest.raises(PayloadError) as caught:
            asked(client, path)
        client.close()
    assert str(caught.value).startswith(f"{server.url} {path}: unexpected answer: ")
    assert "is missing" in caught.value.cause


@pytest.mark.parametrize("path", sorted(DECODERS))
def test_over_the_wire_a_page_of_a_proxy_is_an_error(path: str, tmp_path: Path) -> None:
    with EngineServer({path: html_reply("Log in")}, unix=tmp_path / "s") as server:
        client = open_client(endpoint_from(server.url), tls=None, timeout=10)
        with pytest.raises(PayloadError, match=r"HTML page .*Log in"):
            asked(client, path)
        client.close()


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20
)


def places_in(payload: object, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Give the place of every value in a payload."""
    here = [above] if above else []
    match payload:
        case dict():
            inner = payload.items()
            return here + [p for key, value in inner for p in places_in(value, (*above, key))]
        case list():
            each = enumerate(payload)
            return here + [p for key, value in each for p in places_in(value, (*above, key))]
        case _:
            return here


PLACES = [(path, where) for path, payload in SOUND.items() for where in places_in(payload)]


def record_or_payload_error(path: str, payload: object) -> None:
    """Decode, and let nothing but a payload error end it."""
    with suppress(PayloadError):
        assert read(path, payload) is not None


@pytest.mark.parametrize("path", sorted(DECODERS))
@given(payload=JSON)
@example(payload=[[]])
@example(payload={"Volumes": [{"Name": None}]})
def test_whatever_json_an_engine_answers_it_is_a_record_or_a_payload_error(
    path: str, payload: object
) -> None:
    record_or_payload_error(path, payload)


@given(place=st.sampled_from(PLACES), value=JSON)
def test_whatever_stands_in_one_place_of_an_answer_it_is_a_record_or_a_payload_error(
    place: tuple[str, tuple[str | int, ...]], value: object
) -> None:
    path, where = place
    record_or_payload_error(path, with_field(SOUND[path], where, value))


VALUES: tuple[object, ...] = (ABSENT, None, "", 0, True, [], {}, [None], {"a": None})


@pytest.mark.parametrize("path", sorted(DECODERS))
def test_no_single_field_brings_the_program_down(path: str) -> None:
    for where, value in product(places_in(SOUND[path]), VALUES):
        record_or_payload_error(path, with_field(SOUND[path], where, value))
