from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.model import Plugin
from cloudstorctl.guard.engine import Event, Row
from cloudstorctl.guard.knowledge import Knowledge

if TYPE_CHECKING:
    from pathlib import Path

PATTERNS = ("*cloudstor*",)
OURS = Plugin(id="ab12", name="shared:logs", reference="docker4x/cloudstor:aws")


def an_event(action: str, name: str, driver: str, kind: str = "volume") -> Event:
    event = Event(kind=kind, action=action)
    event.actor.id = name
    event.actor.attributes = {"driver": driver} if driver else {}
    return event


@pytest.fixture
def knowledge() -> Knowledge:
    known = Knowledge(patterns=PATTERNS)
    known.told_plugins((OURS,))
    known.told_volumes(
        (Row("far", "nfs"), Row("data", "shared:logs"), Row("old", "cloudstor:aws"), Row("bare")),
        complete=True,
    )
    return known


def test_names_are_kept_by_whether_their_driver_is_of_the_family(knowledge: Knowledge) -> None:
    assert knowledge.others == {"far": "nfs"}
    assert knowledge.ours == {"data", "old", "bare"}


def test_local_volumes_are_left_to_the_disk(knowledge: Knowledge) -> None:
    knowledge.told_volumes((Row("mine", "local"),), complete=True)
    assert not knowledge.others
    assert not knowledge.ours


def test_a_whole_list_takes_the_place_of_the_one_before(knowledge: Knowledge) -> None:
    knowledge.told_volumes((Row("new", "nfs"),), complete=True)
    assert (set(knowledge.others), set(knowledge.ours)) == ({"new"}, set())


def test_an_incomplete_list_takes_nothing_away(knowledge: Knowledge) -> None:
    knowledge.told_volumes((Row("far", "cloudstor:aws"), Row("new", "nfs")), complete=False)
    assert knowledge.others == {"new": "nfs"}
    assert knowledge.ours == {"far", "data", "old", "bare"}


def test_the_names_of_a_disabled_plugin_are_not_forgotten(knowledge: Knowledge) -> None:
    knowledge.told_plugins((Plugin(id="ab12", name="cloudstor:aws", enabled=False),))
    knowledge.told_volumes((Row("new", "nfs"),), complete=True)
    assert knowledge.others == {"new": "nfs"}
    assert knowledge.ours == {"data", "old", "bare"}


@pytest.mark.parametrize(
    ("event", "others", "ours"),
    [
        (an_event("create", "new", "nfs"), {"far", "new"}, {"data"}),
        (an_event("create", "new", "cloudstor:aws"), {"far"}, {"data", "new"}),
        (an_event("mount", "far", "shared:logs"), set(), {"data", "far"}),
        (an_event("create", "data", "nfs"), {"far", "data"}, {"data"}),
        (an_event("create", "far", "smb"), {"far"}, {"data"}),
        (an_event("destroy", "far", "nfs"), set(), {"data"}),
        (an_event("destroy", "data", "shared:logs"), {"far"}, set()),
    ],
)
def test_an_event_changes_what_is_known(event: Event, others: set[str], ours: set[str]) -> None:
    known = Knowledge(patterns=PATTERNS)
    known.told_plugins((OURS,))
    known.told_volumes((Row("far", "nfs"), Row("data", "shared:logs")), complete=True)
    assert known.told_event(event)
    assert set(known.others) == others
    assert known.ours == ours


@pytest.mark.parametrize(
    "event",
    [
        an_event("mount", "data", "shared:logs"),
        an_event("create", "used", "nfs"),
        an_event("create", "mine", "local"),
        an_event("destroy", "gone", "nfs"),
        an_event("prune", "", ""),
        an_event("create", "x", "nfs", kind="network"),
        an_event("create", "x", ""),
    ],
)
def test_an_event_that_tells_nothing_new_makes_no_set_anew(
    knowledge: Knowledge, event: Event
) -> None:
    knowledge.told_event(an_event("mount", "used", "nfs"))
    before = knowledge.others, knowledge.ours
    assert not knowledge.told_event(event)
    assert (knowledge.others, knowledge.ours) == before
    assert knowledge.others is before[0]


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "-x", "a b", "x/", "mine\n"])
def test_no_name_leads_out_of_the_folder_of_local_volumes(tmp_path: Path, name: str) -> None:
    for folder in ("x", "volumes/a/b", "volumes/.hidden", "volumes/-x", "volumes/a b", "volumes/x"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "volumes/mine\n").mkdir()
    assert not Knowledge(patterns=PATTERNS, root=str(tmp_path)).is_local(name)


def test_the_driver_of_a_volume_is_the_one_that_was_told_last(knowledge: Knowledge) -> None:
    assert knowledge.other_driver_of("far") == "nfs"
    knowledge.told_event(an_event("mount", "far", "smb"))
    assert knowledge.other_driver_of("far") == "smb"
    knowledge.told_event(an_event("create", "data", "smb"))
    assert knowledge.other_driver_of("data") == ""
    assert knowledge.other_driver_of("unheard") == ""


def test_what_the_engine_tells_events_of_it_has_used(knowledge: Knowledge) -> None:
    rows = (Row("far", "nfs"), Row("near", "nfs"), Row("data", "shared:logs"))
    knowledge.told_volumes(rows, complete=True)
    assert knowledge.used == frozenset()
    for name in ("far", "near", "new"):
        assert knowledge.told_event(an_event("create", name, "nfs"))
    assert knowledge.used == {"far", "near", "new"}
    knowledge.told_event(an_event("destroy", "near", "nfs"))
    knowledge.told_event(an_event("create", "new", "shared:logs"))
    assert knowledge.used == {"far"}
    knowledge.told_volumes(rows, complete=True)
    assert knowledge.used == {"far"}
    knowledge.told_volumes((Row("far", "smb"),), complete=True)
    assert knowledge.used == frozenset()


def test_what_is_known_outlives_the_guard(tmp_path: Path) -> None:
    file = tmp_path / "state/guard.json"
    first = Knowledge(patterns=PATTERNS, file=file)
    first.root, first.node_id = "/srv/docker", "w1"
    first.told_plugins((OURS,))
    first.told_volumes((Row("far", "nfs"), Row("data", "shared:logs")), complete=True)
    first.told_event(an_event("mount", "far", "nfs"))
    first.keep()
    first.keep()
    second = Knowledge(patterns=PATTERNS, file=file)
    for name in ("root", "node_id", "plugins", "others", "used", "ours", "loaded"):
        assert getattr(second, name) == getattr(first, name)
    assert second.concerns("shared:logs")
    assert second.age == float("inf")
    assert [path.name for path in file.parent.iterdir()] == ["guard.json"]


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff", b'{"root":1}'])
def test_a_file_that_cannot_be_read_is_as_good_as_none(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "guard.json").write_bytes(text)
    known = Knowledge(patterns=PATTERNS, file=tmp_path / "guard.json")
    assert (known.loaded, known.root) == (False, "/var/lib/docker")


def test_a_file_that_cannot_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "guard.json").mkdir()
    known = Knowledge(patterns=PATTERNS, file=tmp_path / "guard.json")
    with pytest.raises(OSError, match=os.strerror(21)):
        known.keep()
    assert [path.name for path in tmp_path.iterdir()] == ["guard.json"]


def test_knowledge_is_of_no_age_while_the_engine_is_followed() -> None:
    known = Knowledge(patterns=PATTERNS)
    assert known.age == float("inf")
    known.is_live(now=False)
    assert known.age == float("inf")
    known.is_live(now=True)
    assert known.age == 0
    known.is_live(now=False)
    assert 0 <= known.age < 60
