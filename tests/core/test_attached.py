"""Which file systems the plugins are set to, and where they are set differently."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cloudstorctl.core.attached import Attached, Configured, attached_in, differing
from cloudstorctl.core.findings import Severity
from tests.core.builders import a_plugin, a_reading, a_survey, node_id

if TYPE_CHECKING:
    from cloudstorctl.core.model import Plugin

NOTHING = Configured()


def plugin(on: str, **settings: str) -> Plugin:
    return replace(a_plugin(on), settings=tuple(sorted(settings.items())))


def test_each_mode_has_the_file_system_that_the_plugins_name_with_their_region() -> None:
    settings = {"EFS_ID_REGULAR": "fs-1", "EFS_ID_MAXIO": "fs-2", "AWS_REGION": "eu-west-1"}
    survey = a_survey(
        a_reading("w1", plugins=(plugin("w1", **settings),)),
        a_reading("w2", plugins=(plugin("w2", **settings),)),
    )
    nodes, names = (node_id("w1"), node_id("w2")), ("cloudstor:aws",) * 2
    assert attached_in(survey, NOTHING) == (
        Attached(id="fs-1", mode="reg", region="eu-west-1", nodes=nodes, plugins=names),
        Attached(id="fs-2", mode="max", region="eu-west-1", nodes=nodes, plugins=names),
    )


def test_the_configuration_tells_what_no_plugin_does() -> None:
    survey = a_survey(a_reading("w1", plugins=(plugin("w1", EFS_ID_REGULAR="fs-1"),)))
    configured = Configured(region="eu-west-1", regular="fs-8", maxio="fs-9")
    assert attached_in(survey, configured) == (
        Attached(
            id="fs-1",
            mode="reg",
            region="eu-west-1",
            nodes=(node_id("w1"),),
            plugins=("cloudstor:aws",),
        ),
        Attached(id="fs-9", mode="max", region="eu-west-1", nodes=()),
    )


def test_plugins_of_other_kinds_and_empty_settings_tell_nothing() -> None:
    other = replace(plugin("w1", EFS_ID_REGULAR="fs-1"), name="rexray/efs:latest")
    empty = plugin("w2", EFS_ID_REGULAR="", EFS_SUPPORTED="0")
    survey = a_survey(a_reading("w1", plugins=(other,)), a_reading("w2", plugins=(empty,)))
    assert attached_in(survey, NOTHING) == ()


def attached(
    identifier: str,
    *hostnames: str,
    mode: str = "reg",
    region: str = "",
    plugin: str = "cloudstor:aws",
) -> Attached:
    nodes = tuple(node_id(name) for name in hostnames)
    return Attached(
        id=identifier, mode=mode, region=region, nodes=nodes, plugins=(plugin,) * len(nodes)
    )


def test_nodes_that_write_elsewhere_than_most_are_found() -> None:
    hostnames = {node_id(name): name for name in ("w1", "w2", "w3")}
    found = differing(
        [attached("fs-2", "w3"), attached("fs-1", "w1", "w2"), attached("fs-9", "w1", mode="max")],
        hostnames,
    )
    (finding,) = found
    assert (finding.code, finding.severity) == ("other-file-system", Severity.ERROR)
    assert finding.about == "file system fs-2"
    assert "The plugin of w3 keeps its efs/reg volumes in fs-2" in finding.reason
    assert finding.fix == (
        'test -z "$(docker ps -q)" && docker plugin disable --force cloudstor:aws && docker plugin '
        "set cloudstor:aws EFS_ID_REGULAR=fs-1 && docker plugin enable cloudstor:aws  # on w3"
    )
    assert "'docker node update --availability drain w3'" in finding.reason


def test_one_id_in_two_regions_is_two_file_systems() -> None:
    hostnames = {node_id(name): name for name in ("w1", "w2", "w3", "w4")}
    (finding,) = differing(
        [
            attached("fs-1", "w1", "w2", "w4", region="eu-west-1"),
            attached("fs-1", "w3", region="eu-west-2", plugin="sharedlogs:latest"),
        ],
        hostnames,
    )
    assert "in fs-1 in eu-west-2, and that of the other nodes in fs-1 in eu-west-1:" in (
        finding.reason
    )
    assert "docker plugin set sharedlogs:latest AWS_REGION=eu-west-1 &&" in finding.fix
    several = attached("fs-1", "w3", "w2", region="eu-west-2")
    (finding,) = differing([attached("fs-1", "w1", "w4"), several], hostnames)
    assert (finding.fix, "Drain" in finding.reason) == ("", False)
    several = attached("fs-2", "w3", "w2")
    (finding,) = differing([attached("fs-1", "w1", "w4"), several], hostnames)
    assert finding.fix.endswith("  # on each of w2, w3")
    assert "drain w2' and 'docker node update --availability drain w3' on" in finding.reason


def test_the_same_everywhere_is_no_finding() -> None:
    assert differing([attached("fs-1", "w1", "w2"), attached("fs-2", mode="max")], {}) == ()
