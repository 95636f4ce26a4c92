"""The doctor on plugins: absent, disabled, of another version, with other settings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloudstorctl.core.doctor import diagnose
from cloudstorctl.core.findings import Finding, Severity
from cloudstorctl.core.model import EngineReading, Gap, Node, Pairs, Plugin
from cloudstorctl.core.verdict import assess
from tests.core.builders import a_node, a_plugin, a_reading, a_survey, node_id

REFERENCE = "docker.io/docker4x/cloudstor:18.09.2-ce-aws1"


def found(
    *readings: EngineReading, nodes: tuple[Node, ...] | None = None, gaps: tuple[Gap, ...] = ()
) -> list[Finding]:
    """What is found, gaps aside."""
    seen = assess(a_survey(*readings, nodes=nodes, gaps=gaps))
    return [each for each in diagnose(seen) if each.code != "gap"]


def with_settings(on: str, **settings: str) -> EngineReading:
    return a_reading(on, plugins=(replace(a_plugin(on), settings=tuple(settings.items())),))


def with_reference(on: str, reference: str) -> EngineReading:
    return a_reading(on, plugins=(a_plugin(on, reference=reference),))


def test_the_same_plugin_on_every_node_is_sound() -> None:
    assert found(a_reading("w1"), a_reading("w2"), a_reading("w3")) == []


def test_a_node_without_the_plugin_is_told_how_to_install_that_of_the_others() -> None:
    settings: Pairs = (
        ("AWS_REGION", "eu west"),
        ("EFS_ID_MAXIO", ""),
        ("EFS_ID_REGULAR", "fs-1"),
        ("TOKEN", "secret"),
    )
    plugin = replace(a_plugin("w1", reference=REFERENCE), settings=settings)
    (finding,) = found(
        a_reading("w1", plugins=(plugin,)),
        a_reading("w2", plugins=(replace(plugin, id="other"),)),
        a_reading("w3", plugins=()),
    )
    assert finding == Finding(
        code="plugin-missing",
        severity=Severity.WARNING,
        about="node w3",
        reason=(
            "It does not have the plugin cloudstor:aws, which w1 and w2 have. No task that mounts "
            "a volume of it is placed there."
        ),
        fix=(
            f"docker plugin install --alias cloudstor:aws --grant-all-permissions {REFERENCE} "
            "AWS_REGION='eu west' EFS_ID_REGULAR=fs-1  # on w3"
        ),
    )


def test_a_plugin_made_in_place_cannot_be_installed_by_name() -> None:
    (finding,) = found(a_reading("w1"), a_reading("w2", plugins=()))
    assert (finding.code, finding.fix) == ("plugin-missing", "")


def test_a_drained_node_may_be_without_it() -> None:
    nodes = (a_node("w1"), replace(a_node("w2"), availability="drain"))
    (finding,) = found(a_reading("w1"), a_reading("w2", plugins=()), nodes=nodes)
    assert finding.severity is Severity.NOTE
    assert finding.reason.endswith("nor any other while the node is drained.")


def test_what_few_nodes_have_is_not_missing_on_the_others() -> None:
    readings = [a_reading(name) for name in ("w2", "w3")]
    extra = (a_plugin("w1"), a_plugin("w1", name="cloudstor:test"))
    assert found(a_reading("w1", plugins=extra), *readings) == []


def test_a_node_under_another_alias_is_told_which_it_has() -> None:
    other = a_plugin("w3", name="docker4x/cloudstor:latest")
    findings = found(a_reading("w1"), a_reading("w2"), a_reading("w3", plugins=(other,)))
    (finding,) = findings
    assert "it has docker4x/cloudstor:latest." in finding.reason


@pytest.mark.parametrize(
    ("drivers", "codes"),
    [
        (("cloudstor:aws", "local"), []),
        (("local",), ["plugin-missing"]),
        ((), []),
    ],
    ids=["described with it", "described without it", "not described"],
)
def test_of_an_engine_that_was_not_read_the_managers_tell(
    drivers: tuple[str, ...], codes: list[str]
) -> None:
    nodes = (a_node("w1"), replace(a_node("w2"), volume_drivers=drivers))
    assert [each.code for each in found(a_reading("w1"), nodes=nodes)] == codes


def test_an_engine_whose_plugins_were_not_told_is_not_without_them() -> None:
    gap = Gap(source="w2 /plugins", cause="HTTP 500", node=node_id("w2"))
    assert found(a_reading("w1"), a_reading("w2", plugins=()), gaps=(gap,)) == []
    assert found(a_reading("w2", plugins=()), gaps=(gap,)) == []


def test_a_disabled_plugin_is_an_error_with_the_command_to_enable_it() -> None:
    off = (a_plugin("w2", enabled=False),)
    (finding,) = found(a_reading("w1"), a_reading("w2", plugins=off))
    assert (finding.code, finding.severity) == ("plugin-disabled", Severity.ERROR)
    assert finding.about == "node w2"
    assert finding.fix == "docker plugin enable cloudstor:aws  # on w2"


def test_a_swarm_without_the_plugin_is_told_so_once() -> None:
    (finding,) = found(a_reading("w1", plugins=()), a_reading("w2", plugins=()))
    assert (finding.code, finding.about) == ("no-plugin", "swarm")
    assert "--alias cloudstor:aws" in finding.fix


def test_another_version_than_most_is_a_warning() -> None:
    old = "docker4x/cloudstor:17.06.0-ce-aws2"
    (finding,) = found(
        with_reference("w1", old), with_reference("w2", REFERENCE), with_reference("w3", REFERENCE)
    )
    assert (finding.code, finding.about) == ("plugin-other-version", "node w1")
    assert finding.severity is Severity.WARNING
    usual = REFERENCE.removeprefix("docker.io/")
    assert f"is {old}, and that of most nodes {usual}" in finding.reason
    assert finding.fix == (
        'test -z "$(docker ps -q)" && docker plugin disable --force cloudstor:aws && docker plugin '
        f"upgrade --skip-remote-check --grant-all-permissions cloudstor:aws {usual} && "
        "docker plugin enable cloudstor:aws  # on w1"
    )
    assert "Drain first, with 'docker node update --availability drain w1' on a manager" in (
        finding.reason
    )


def test_a_registry_that_is_the_usual_one_may_be_named_or_not() -> None:
    short = REFERENCE.removeprefix("docker.io/")
    assert found(with_reference("w1", REFERENCE), with_reference("w2", short)) == []


def test_other_settings_than_most_write_to_other_storage() -> None:
    (finding,) = found(
        with_settings("w1", EFS_ID_REGULAR="fs-1", AWS_REGION="r"),
        with_settings("w2", EFS_ID_REGULAR="fs-2", AWS_REGION=""),
        with_settings("w3", EFS_ID_REGULAR="fs-1", AWS_REGION="r"),
    )
    assert (finding.code, finding.severity) == ("plugin-other-settings", Severity.ERROR)
    assert finding.about == "node w2"
    assert "AWS_REGION is not set, and on most nodes r;" in finding.reason
    assert "EFS_ID_REGULAR is fs-2, and on most nodes fs-1." in finding.reason
    assert "write to other storage" in finding.reason
    assert "docker plugin set cloudstor:aws AWS_REGION=r EFS_ID_REGULAR=fs-1 &&" in finding.fix
    assert finding.fix.endswith("# on w2")


def test_a_setting_that_is_empty_is_as_one_that_is_missing() -> None:
    assert found(with_settings("w1", AWS_REGION=""), with_settings("w2")) == []


def test_of_two_settings_as_common_the_first_node_is_right() -> None:
    (finding,) = found(with_settings("w1", AWS_REGION="a"), with_settings("w2"))
    assert finding.about == "node w2"
    assert "on most nodes a" in finding.reason


@pytest.mark.parametrize(
    ("odd", "severity"),
    [
        ({"DEBUG": "1"}, Severity.NOTE),
        ({"SEED": "hush"}, Severity.WARNING),
        ({"SEED": "hush", "DEBUG": "1"}, Severity.WARNING),
        ({"SEED": "hush", "EFS_SUPPORTED": "0"}, Severity.ERROR),
    ],
    ids=["debug", "unknown", "both", "unknown and storage"],
)
def test_how_bad_another_setting_is_and_no_secret_is_told(
    odd: dict[str, str], severity: Severity
) -> None:
    (finding,) = found(with_settings("w1"), with_settings("w2"), with_settings("w3", **odd))
    assert finding.severity is severity
    assert "hush" not in finding.reason + finding.fix
    assert all(name in finding.reason for name in odd)


def test_where_no_value_may_be_told_the_fix_shows_the_settings() -> None:
    (finding,) = found(with_settings("w1"), with_settings("w2", SEED="hush"))
    assert finding.fix == "docker plugin inspect -f '{{.Settings.Env}}' cloudstor:aws  # on w2"


def test_nodes_are_told_by_hostname_whatever_their_order() -> None:
    plugin: Plugin = a_plugin("w2", enabled=False)
    findings = found(a_reading("w2", plugins=(plugin,)), a_reading("w1", plugins=(plugin,)))
    assert [each.about for each in findings] == ["node w1", "node w2"]
