"""`inspect` against engines over HTTP: all that is known of a volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.stage import Stage


def test_inspect_tells_ruling_reasons_backing_claims_and_entries(stage: Stage) -> None:
    ran = stage.run("inspect", "web-1-vol")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:2] == ["web-1-vol", "  Ruling   ● in-use"]
    assert lines[2].startswith("           Task web.1 on w1 has it mounted")
    assert "  Backing  efs/reg, file system fs-reg, directory /web-1-vol" in lines
    assert lines[-3:] == [
        "  NODE  DRIVER         STATUS     USED BY",
        "  w1    cloudstor:aws  ● mounted  web.1",
        "  w2    cloudstor:aws  ○ stale    web.1 on w1",
    ]


def test_several_volumes_are_shown_in_the_order_asked_with_a_line_between(stage: Stage) -> None:
    ran = stage.run("inspect", "shop-data", "old")
    assert ran.out.index("shop-data") < ran.out.index("\n\nold\n")
    names = [v["name"] for v in stage.document("inspect", "shop-data", "old")["volumes"]]
    assert names == ["shop-data", "old"]
    assert stage.names("inspect", "shop-data", "old") == ["shop-data", "old"]


def test_several_writers_are_warned_of(stage: Stage) -> None:
    swarm = stage.swarm
    swarm.run(swarm.services[0], "web-1-vol", on="w2", slot=2)
    (volume,) = stage.document("inspect", "web-1-vol")["volumes"]
    assert volume["warnings"] == [
        "2 writers share it (web.1 on w1, web.2 on w2): the driver does no locking."
    ]


def test_a_twin_of_another_driver_is_warned_of_and_leaves_it_in_doubt(stage: Stage) -> None:
    stage.swarm.engines["w1"].volumes.append(
        {"Name": "old", "Driver": "local", "Mountpoint": "/x", "Labels": {}, "Options": {}}
    )
    (volume,) = stage.document("inspect", "old", code=5)["volumes"]
    (warning,) = volume["warnings"]
    assert warning.startswith("w1 also has a volume of this name under the driver local")
    assert volume["ruling"] == "unknown"


def test_a_volume_that_no_engine_lists_is_an_error_that_names_a_near_one(stage: Stage) -> None:
    ran = stage.run("inspect", "odl")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err == ("odl: no engine lists a Cloudstor volume of this name; did you mean old?\n")


def test_where_no_name_is_near_the_error_says_where_to_look(stage: Stage) -> None:
    assert stage.run("inspect", "zzzzzz").err == (
        "zzzzzz: no engine lists a Cloudstor volume of this name; "
        "'cloudstorctl ls' shows those there are.\n"
    )


def test_what_is_there_is_shown_beside_what_is_not(stage: Stage) -> None:
    ran = stage.run("inspect", "old", "zzzzzz")
    assert ran.code == 1
    assert ran.out.startswith("old\n")
    assert stage.document("inspect", "zzzzzz", code=1)["volumes"] == []


def test_with_a_gap_it_exits_5_and_a_missing_volume_may_be_out_of_sight(stage: Stage) -> None:
    stage.blind("w2", "/volumes")
    assert stage.run("inspect", "old").code == 5
    assert stage.run("inspect", "web-1-vol").code == 5
    ran = stage.run("inspect", "older")
    assert ran.code == 5
    assert ran.err.startswith("older: no engine that could be read lists a Cloudstor volume")
