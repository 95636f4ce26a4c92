"""What a mount source yields, and which volumes it holds."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from cloudstorctl.core.templates import (
    Field,
    Known,
    Match,
    Names,
    canonical,
    fields,
    nests,
    yields,
)

if TYPE_CHECKING:
    from cloudstorctl.core.model import Pairs

NODE = "0123456789abcdefghijklmno"
OTHER_NODE = "onmlkjihgfedcba9876543210"
TASK = "t23456789abcdefghijklmnop"
SERVICE = "s23456789abcdefghijklmnop"

PER_SLOT = "{{.Service.Name}}-{{.Task.Slot}}-vol"


def a_task(  # noqa: PLR0913 - a builder with a default for everything
    *,
    service: str = "web",
    slot: int = 7,
    name: str = "",
    node: str = NODE,
    hostname: str = "mynode",
    labels: Pairs = (),
) -> Known:
    """Know all of a task."""
    return Known(
        service_id=SERVICE,
        service_name=service,
        node_id=node,
        node_hostname=hostname,
        node_os="linux",
        node_arch="x86_64",
        task_id=TASK,
        task_name=name,
        slot=slot,
        service_labels=labels,
    )


def a_service(name: str = "web", *, labels: Pairs = ()) -> Known:
    """Know a replicated service, but nothing of its tasks."""
    return Known(service_id=SERVICE, service_name=name, service_labels=labels)


def slot_of(names: Names, name: str) -> int | None:
    match = names.matches(name)
    assert match is not None, f"{names} does not match {name}"
    return match.slot


# What SwarmKit's own tests say (swarmkit template/context_test.go, api/naming/naming_test.go).
@pytest.mark.parametrize(
    ("source", "expanded"),
    [
        ("bar-{{.Node.ID}}-{{.Task.Name}}", "bar-nodeID-serviceName.10.taskID"),
        ("foo-{{.Service.ID}}-{{.Service.Name}}", "foo-serviceID-serviceName"),
        ("bar-{{.Node.ID}}-{{.Service.Name}}", "bar-nodeID-serviceName"),
        ("foo-{{.Task.Slot}}-{{.Task.ID}}", "foo-10-taskID"),
        ("myhost-{{.Task.Slot}}", "myhost-10"),
        ("myservice-{{.Node.Hostname}}", "myservice-mynode"),
        (
            "{{.Node.Hostname}}-{{.Node.Platform.OS}}-{{.Node.Platform.Architecture}}",
            "mynode-myos-myarchitecture",
        ),
    ],
)
def test_names_expand_as_in_swarmkit(source: str, expanded: str) -> None:
    known = Known(
        service_id="serviceID",
        service_name="serviceName",
        node_id="nodeID",
        node_hostname="mynode",
        node_os="myos",
        node_arch="myarchitecture",
        task_id="taskID",
        slot=10,
    )
    assert yields(source, known).exact == expanded


@pytest.mark.parametrize(
    ("name", "slot", "expanded"),
    [
        ("", 10, "theservice.10.taskID"),
        ("", 0, "theservice.thenodeID.taskID"),
        ("given", 10, "given"),
    ],
)
def test_a_task_is_named_as_in_swarmkit(name: str, slot: int, expanded: str) -> None:
    known = Known(
        service_name="theservice", node_id="thenodeID", task_id="taskID", task_name=name, slot=slot
    )
    assert yields("{{.Task.Name}}", known).exact == expanded


def test_a_source_without_an_action_is_its_own_name() -> None:
    name = "plain } {name"
    expected = Names(exact=name, prefix=name, unexpandable=False, anything=False, pattern=None)
    assert yields(name, Known()) == expected


def test_a_mount_without_a_source_is_anonymous_and_holds_nothing() -> None:
    assert yields("", Known()).matches("a") is None
    assert yields('{{""}}', Known()).matches("a") is None
    assert not yields("", Known()).anything


def test_names_without_a_name_or_a_pattern_hold_every_volume() -> None:
    names = Names(exact=None, prefix="", unexpandable=True, anything=True)
    assert names.matches("a") == Match()


def test_a_name_leads_back_to_its_service_and_slot() -> None:
    assert slot_of(yields(PER_SLOT, a_service("web")), "web-7-vol") == 7
    assert slot_of(yields(PER_SLOT, a_service("web")), "web-1234-vol") == 1234
    assert yields(PER_SLOT, a_service("web-7")).matches("web-7-vol") is None
    assert slot_of(yields(PER_SLOT, a_service("web-7")), "web-7-7-vol") == 7


@pytest.mark.parametrize(
    "name",
    [
        "web-0-vol",
        "web-07-vol",
        "web--vol",
        "web-x-vol",
        f"web-{NODE}-vol",
        "Web-7-vol",
        "web-٣-vol",
    ],
)
def test_a_slot_is_a_plain_number_from_one(name: str) -> None:
    assert yields(PER_SLOT, a_service("web")).matches(name) is None


def test_without_a_service_name_the_name_is_captured() -> None:
    match = yields(PER_SLOT, Known()).matches("my-web.1_x-12-vol")
    assert match == Match(values={Field.SERVICE_NAME: "my-web.1_x", Field.SLOT: "12"})


@pytest.mark.parametrize("service", ["web.*", "a+b", "(x)", "[z]", "a|b", "w^$", "a\\d", "s_1-b.c"])
def test_names_that_look_like_regular_expressions_are_taken_as_they_are(service: str) -> None:
    names = yields(PER_SLOT, a_service(service))
    assert slot_of(names, f"{service}-3-vol") == 3
    assert names.matches("webby-3-vol") is None
    assert names.matches("aab-3-vol") is None
    assert names.matches("x-3-vol") is None
    literal = yields(service + "{{.Task.Slot}}", Known())
    assert slot_of(literal, service + "3") == 3
    assert literal.matches("webby3") is None


def test_names_are_unicode_and_may_hold_line_ends() -> None:
    names = yields("dätä-{{.Node.Hostname}}-{{.Task.Slot}}", Known())
    match = names.matches("dätä-höst\n1-2")
    assert match is not None
    assert match.values[Field.NODE_HOSTNAME] == "höst\n1"
    assert names.matches("data-host-2") is None


def test_a_pattern_has_to_fit_to_the_end() -> None:
    assert yields("v-{{.Task.Slot}}", Known()).matches("v-1x") is None
    assert yields("v-{{.Task.Slot}}", Known()).matches("v-1\n") is None
    assert yields("v-{{.Task.Slot}}", Known()).matches("av-1") is None


def test_a_slot_of_zero_is_the_id_of_the_node() -> None:
    assert yields("v-{{.Task.Slot}}", Known(slot=0, node_id=NODE)).exact == f"v-{NODE}"
    names = yields("v-{{.Task.Slot}}", Known(slot=0))
    assert names.matches(f"v-{NODE}") == Match(values={Field.NODE_ID: NODE})
    assert names.matches("v-1") is None


def test_in_a_mode_per_node_the_slot_is_the_id_of_the_node() -> None:
    names = yields("v-{{.Task.Slot}}", Known(per_node=True))
    assert names.matches(f"v-{NODE}") == Match(values={Field.NODE_ID: NODE})
    assert names.matches("v-1") is None
    assert yields("v-{{.Task.Slot}}", Known(per_node=True, node_id=NODE)).exact == f"v-{NODE}"


def test_a_slot_that_is_known_outranks_the_mode() -> None:
    assert yields("v-{{.Task.Slot}}", Known(slot=3, per_node=True)).exact == "v-3"
    assert yields("v-{{.Task.Slot}}", Known(slot=3, job=True)).exact == "v-3"


def test_the_first_task_of_a_job_has_the_id_of_its_node_for_a_slot() -> None:
    names = yields("v-{{.Task.Slot}}", Known(job=True))
    assert slot_of(names, "v-3") == 3
    assert slot_of(names, f"v-{NODE}") == 0
    assert names.matches("v-0") is None
    here = yields("v-{{.Task.Slot}}", Known(job=True, node_id="node.1"))
    assert slot_of(here, "v-node.1") == 0
    assert here.matches("v-nodeX1") is None
    assert here.matches(f"v-{OTHER_NODE}") is None


@pytest.mark.parametrize(
    ("source", "fitting", "other"),
    [
        ("v-{{.Service.ID}}", f"v-{SERVICE}", "v-short"),
        ("v-{{.Node.ID}}", f"v-{NODE}", f"v-{NODE}x"),
        ("v-{{.Task.ID}}", f"v-{TASK}", f"v-{TASK.upper()}"),
        ("v-{{.Service.Name}}", "v-some.name", "w-some.name"),
        ("v-{{.Node.Hostname}}", "v-ip-10-0-0-1.ec2.internal", "v-"),
        ("v-{{.Node.Platform.OS}}", "v-linux", "vlinux"),
        ("v-{{.Node.Platform.Architecture}}", "v-x86_64", "v_x86_64"),
        ("v-{{.Task.Name}}", f"v-web.7.{TASK}", f"v-web.0.{TASK}"),
        ("v-{{.Task.Name}}", f"v-a.b.7.{TASK}", f"v-web.7.{NODE}x"),
    ],
)
def test_what_is_not_known_is_matched_by_its_form(source: str, fitting: str, other: str) -> None:
    names = yields(source, Known())
    assert names.matches(fitting) is not None
    assert names.matches(other) is None
    assert not names.unexpandable
    assert not names.anything


def test_a_made_up_task_name_shows_its_parts() -> None:
    match = yields("{{.Task.Name}}", Known()).matches(f"web.7.{TASK}")
    assert match is not None
    assert match.values == {Field.SERVICE_NAME: "web", Field.SLOT: "7", Field.TASK_ID: TASK}


def test_a_task_name_that_is_not_known_may_be_any_word() -> None:
    names = yields("v-{{.Task.Name}}", Known(task_name=None))
    assert names.matches("v-given") == Match(values={Field.TASK_NAME: "given"})
    assert names.matches(f"v-web.7.{TASK}") is not None


def test_a_field_that_comes_twice_has_one_value() -> None:
    names = yields("{{.Task.Slot}}-{{.Node.ID}}-{{.Task.Slot}}", Known())
    assert slot_of(names, f"1-{NODE}-1") == 1
    assert names.matches(f"1-{NODE}-2") is None
    per_node = yields("{{.Task.Slot}}-{{.Node.ID}}", Known(per_node=True))
    assert per_node.matches(f"{NODE}-{NODE}") is not None
    assert per_node.matches(f"{NODE}-{OTHER_NODE}") is None


def test_a_hole_never_reaches_over_a_slash() -> None:
    assert yields("v-{{.Service.Name}}-x", Known()).matches("v-a/b-x") is None
    assert yields("v-{{.Service.Name}}-x", Known()).matches("v-a") is None


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("a", "a"),
        ("/a", "a"),
        ("a/", "a"),
        ("a//b/./c", "a/b/c"),
        ("a/x/../b", "a/b"),
        ("./a", "a"),
        ("a/..", ""),
        (".", ""),
        ("/", ""),
        ("", ""),
        ("..", ""),
        ("../max/a", ""),
        ("a/../../b", ""),
        ("...", "..."),
        (" a ", " a "),
    ],
)
def test_a_name_is_a_path_from_the_root_of_the_file_system(name: str, path: str) -> None:
    assert canonical(name) == path


@pytest.mark.parametrize(
    ("one", "other", "nested"),
    [
        ("a", "a", True),
        ("a", "a/b", True),
        ("a", "a/b/c", True),
        ("a/b", "a//b/.", True),
        ("a", "ab", False),
        ("a/b", "a/c", False),
        ("a", "A", False),
        ("/", "a", True),
        ("..", "a", True),
        ("../max/b", "b", True),
        ("b/../a", "a/x", True),
    ],
)
def test_names_nest_as_directories_do(one: str, other: str, nested: bool) -> None:  # noqa: FBT001
    assert nests(one, other) is nested
    assert nests(other, one) is nested
    assert (yields(one, Known()).matches(other) is not None) is nested
    assert (yields(other, Known()).matches(one) is not None) is nested


def test_a_directory_in_or_around_a_yielded_name_is_held() -> None:
    names = yields("/data//{{.Service.Name}}/./{{.Task.Slot}}/db", a_service("web"))
    assert slot_of(names, "data/web/3/db") == 3
    assert slot_of(names, "/data/web/3/db/deep/down") == 3
    assert slot_of(names, "data/web/3") == 3
    assert slot_of(names, "data/web") is None
    assert slot_of(names, "data") is None
    for other in ("dat", "data/we", "data/web/x", "data/web/3/d", "data/web/3/dbs", "web/3/db"):
        assert names.matches(other) is None, other


def test_the_root_holds_every_volume() -> None:
    for root in ("/", ".", "..", "a/..", "{{.Task.Slot}}/..", "../{{.Task.Slot}}"):
        names = yields(root, Known())
        assert names.matches("a") is not None, root
        assert names.anything, root
        assert names.prefix == ""
    assert yields(PER_SLOT, Known()).matches("/") is not None


def test_a_parent_directory_in_a_template_is_resolved() -> None:
    names = yields("a-{{.Task.Slot}}/../b-{{.Task.Slot}}", Known())
    assert slot_of(names, "b-2") == 2
    assert names.matches("a-2") is None


@pytest.mark.parametrize(
    ("source", "prefix"),
    [
        ("/data/{{.Task.Slot}}", "data/"),
        ("web-{{.Task.Slot}}", "web-"),
        ("{{.Service.Name}}-x", ""),
        ('data/{{index .Service.Labels "x"}}', "data"),
        ('data/v{{index .Service.Labels "x"}}', "data/v"),
        ("data/{{html .Task.Slot}}", "data"),
        ("data/{{.Task.Slot}}/..", "data"),
    ],
)
def test_the_prefix_starts_every_canonical_name(source: str, prefix: str) -> None:
    assert yields(source, Known()).prefix == prefix


LABEL = '{{index .Service.Labels "x"}}'


def test_label_text_is_any_text_and_no_reason_for_a_gap() -> None:
    names = yields(f"vol-{LABEL}-x", a_task())
    assert names.exact is None
    assert not names.unexpandable
    assert not names.anything
    for held in ("vol-a-x", "vol--x", "vol-a/b-x", "vol-{{}}-x", "vol-a-x/below"):
        assert names.matches(held) is not None, held
    for other in ("vol-a", "vol", "avol-a-x", "vol-a-xy"):
        assert names.matches(other) is None, other


def test_label_text_may_be_empty_or_hold_slashes_at_its_ends() -> None:
    assert yields(f"{LABEL}/b", Known()).matches("b") is not None
    assert yields(f"a/{LABEL}", Known()).matches("a") is not None
    assert yields(f"a/{LABEL}/b", Known()).matches("a/b") is not None
    assert yields(f"a/{LABEL}/b", Known()).matches("a/x/y/b") is not None
    assert yields(f"a/{LABEL}/b", Known()).matches("c/x/y/b") is None
    assert yields(f"{LABEL}b", Known()).matches("a/b") is not None


def test_each_use_of_a_label_may_be_another_text() -> None:
    # `/a` twice with a dash between is `a-/a` as a path: no back reference could tell.
    assert yields(f"{LABEL}-{LABEL}", Known()).matches("a-/a") is not None
    assert yields(f"{LABEL}-{LABEL}", Known()).matches("none") is None


def test_a_template_of_nothing_but_labels_could_be_every_name() -> None:
    for source in (LABEL, f"/{LABEL}/", f"{LABEL}{LABEL}", f"{LABEL}/{LABEL}"):
        assert yields(source, Known()).anything, source
        assert yields(source, Known()).matches("whatever") is not None
    assert not yields(f"{LABEL}-", Known()).anything


def test_a_label_holds_no_directories_unless_the_service_has_a_label_with_a_slash() -> None:
    plain = a_service(labels=(("other", "a-b"), ("x", "v")))
    assert yields(f"vol-{LABEL}-x", plain).matches("vol-a") is None
    for labels in ((("other", "a/b"), ("x", "v")), (("other", "v"), ("x", "a/b"))):
        slashed = a_service(labels=labels)
        assert yields(f"vol-{LABEL}-x", slashed).matches("vol-a") is not None
        assert yields(f"vol-{LABEL}-x", slashed).matches("vo") is None
        assert not yields(f"vol-{LABEL}-x", slashed).unexpandable
        assert slot_of(yields(f"{LABEL}-{{{{.Task.Slot}}}}", slashed), "a/b-4") == 4


def test_a_label_that_climbs_out_of_its_directory_could_be_anywhere() -> None:
    for labels in ((("x", "../b"), ("y", "v")), (("x", "v"), ("y", "../b"))):
        climbing = a_service(labels=labels)
        assert yields(f"vol/{LABEL}", climbing).anything
        assert yields(f"vol/{LABEL}", climbing).matches("b") is not None
        assert yields("vol/{{.Task.Slot}}", climbing).matches("b") is None
    assert yields(f"vol/{LABEL}", a_service(labels=(("x", "a..b"),))).matches("b") is None


def test_dots_beside_a_label_may_turn_into_directories() -> None:
    # An absent label is an empty text, so this is `a/.`, which is `a`.
    assert yields(f"a/.{LABEL}", Known()).matches("a/b") is not None
    assert yields(f"a/.{LABEL}", Known()).matches("b") is None
    assert yields(f"a/{LABEL}.{LABEL}b", Known()).matches("a/xb") is not None
    # And these are `a/..`.
    assert yields(f"a/..{LABEL}", Known()).anything
    assert yields(f"a/.{LABEL}.", Known()).anything
    assert yields(f"{LABEL}/../b", Known()).anything
    # No text beside a longer literal can do that.
    assert yields(f"a/v.{LABEL}", Known()).matches("a/b") is None
    assert yields(f"a/{{{{.Task.Slot}}}}.{LABEL}", Known()).matches("a/b") is None


def test_fields_tell_what_a_template_depends_on() -> None:
    source = f'v-{{{{join "-" .Service.Name .Task.Slot}}}}-{LABEL}'
    assert fields(source) == {Field.SERVICE_NAME, Field.SLOT, Field.SERVICE_LABELS}
    assert fields("plain") == frozenset()


def test_deep_templates_match_a_little_more_rather_than_fail() -> None:
    names = yields("a{{.Task.Slot}}/" * 2000, Known())
    assert slot_of(names, "a1/" * 2000) == 1
    assert slot_of(names, "a1/a1") == 1
    assert names.matches("a1/a2") is None


def test_many_labels_are_matched_in_good_time() -> None:
    names = yields(f"x{LABEL}a" * 50 + "z", Known())
    started = time.monotonic()
    assert names.matches("xa" * 100 + "y") is None
    assert names.matches("xa" * 100 + "z") is not None
    assert yields(f"{LABEL}a" * 3 + "z", Known()).matches("a" * 255) is None
    assert time.monotonic() - started < 5
    assert yields(f"x/{LABEL}/" * 5, Known()).matches("x/a/b") is not None


def test_patterns_of_equal_templates_are_equal() -> None:
    assert yields(PER_SLOT, Known()) == yields(PER_SLOT, Known())
