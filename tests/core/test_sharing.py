"""Where a volume can be tried, and what the parts of a trial are called."""

from __future__ import annotations

import pytest

from cloudstorctl.core.marker import PREFIX, READ, Ended, Marker, clause
from cloudstorctl.core.model import Gap, Survey, VolumeName
from cloudstorctl.core.sharing import Trial, in_words, steps_of, trial_of
from cloudstorctl.core.verdict import assess
from cloudstorctl.errors import RefusedError, UsageError
from tests.core.builders import a_node, a_plugin, a_reading, a_survey, an_entry, node_id


def tried(survey: Survey, *nodes: str) -> Trial:
    seen = assess(survey)
    verdict = seen.on(VolumeName("data"))
    assert verdict is not None
    return trial_of(verdict.volume, seen, nodes)


def places(trial: Trial) -> list[tuple[str, str]]:
    return [(place.node.hostname, place.driver) for place in trial.places]


def excluded(trial: Trial) -> dict[str, str]:
    return {each.node.hostname: each.reason for each in trial.excluded}


def test_every_node_that_lists_it_is_tried_by_the_driver_it_has_there() -> None:
    sharedlogs = an_entry("data", on="w2", driver="sharedlogs:latest")
    plugin = a_plugin("w2", name="sharedlogs:latest", reference="docker4x/cloudstor:x")
    trial = tried(
        a_survey(
            a_reading("w1", "data"),
            a_reading("w2", sharedlogs, plugins=(plugin,)),
            a_reading("w3", "other"),
        )
    )
    assert places(trial) == [("w1", "cloudstor:aws"), ("w2", "sharedlogs:latest")]
    assert excluded(trial) == {}, "w3 does not list it, and nobody asked"


def test_nodes_are_tried_in_the_order_in_which_they_are_asked_for_by_name_or_id() -> None:
    survey = a_survey(a_reading("w1", "data"), a_reading("w2", "data"), a_reading("w3", "other"))
    trial = tried(survey, node_id("w2"), "w1", "w2", "w3")
    assert [name for name, _ in places(trial)] == ["w2", "w1"]
    assert excluded(trial) == {"w3": "its engine does not list the volume"}


def test_a_node_that_is_not_in_the_swarm_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match=r"name or ID w9. There is w1 and w2\."):
        tried(a_survey(a_reading("w1", "data"), a_reading("w2", "data")), "w9")


def test_a_node_that_was_not_read_may_have_it() -> None:
    gap = Gap(source="node w2", node=node_id("w2"), cause="connection refused")
    trial = tried(
        a_survey(a_reading("w1", "data"), nodes=(a_node("w1"), a_node("w2")), gaps=(gap,))
    )
    assert excluded(trial) == {"w2": "connection refused"}


def test_entries_that_name_no_driver_or_several_cannot_be_mounted_for_sure() -> None:
    twice = (an_entry("data", on="w2"), an_entry("data", on="w2", driver="cloudstor:old"))
    trial = tried(
        a_survey(
            a_reading("w1", "data"),
            a_reading("w2", *twice),
            a_reading("w3", an_entry("data", on="w3", driver="")),
        )
    )
    assert excluded(trial) == {
        "w2": "its engine lists the volume by several drivers: cloudstor:aws, cloudstor:old",
        "w3": "its engine lists the volume without a driver: is the plugin disabled?",
    }


@pytest.mark.parametrize(
    ("place", "other", "told"),
    [
        ("ebs", "ebs", "data is an EBS volume"),
        ("efs/reg", "ebs", "data is an EBS volume"),
        ("", "", "data may be an EBS volume"),
    ],
)
def test_what_is_or_may_be_on_ebs_is_refused(place: str, other: str, told: str) -> None:
    survey = a_survey(
        a_reading("w1", an_entry("data", place=place)),
        a_reading("w2", an_entry("data", on="w2", place=other)),
    )
    with pytest.raises(RefusedError, match=told):
        tried(survey)


def test_both_file_systems_are_shared_and_one_node_may_not_tell() -> None:
    survey = a_survey(
        a_reading("w1", an_entry("data", place="efs/max")),
        a_reading("w2", an_entry("data", on="w2", place="")),
    )
    assert len(tried(survey).places) == 2


def test_the_first_writes_and_removes_and_the_others_only_read() -> None:
    trial = tried(a_survey(a_reading("w1", "data"), a_reading("w2", "data")))
    assert [(s.place.node.hostname, s.verb, s.read_only) for s in steps_of(trial)] == [
        ("w1", "write", False),
        ("w2", "read", True),
        ("w1", "remove", False),
    ]
    assert steps_of(tried(a_survey(a_reading("w1", "data")))) == ()


def test_names_are_listed_in_words() -> None:
    assert [in_words(["a"]), in_words("ab"), in_words("abc")] == ["a", "a and b", "a, b and c"]


def test_a_marker_tells_where_it_is_and_how_a_script_is_run_on_it() -> None:
    marker = Marker(token="1f", content="c")  # noqa: S106 - no secret
    assert marker.name == f"{PREFIX}1f"
    assert marker.command(READ) == ("sh", "-c", READ, "sh", f"/cloudstorctl/{PREFIX}1f", "c")


def test_every_end_of_a_script_has_words() -> None:
    assert len({clause(code) for code in Ended}) == len(Ended)
    assert clause(137) == "its container ended with exit code 137"
