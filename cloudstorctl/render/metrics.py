"""Metrics: a run's numbers in the text format of Prometheus, and back.

The names are those of the table in README.md; alerts depend on them. Format:
https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector

from cloudstorctl.core.judgement import OutcomeStatus, Ruling
from cloudstorctl.core.measures import Measures, RunMeasures, SwarmMeasures

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_PREFIX = "cloudstorctl_"
_HELP = {
    "volumes": "Volumes by ruling, at the last survey.",
    "gaps": "What could not be seen at the last survey.",
    "survey_complete": "1 if nothing was left unseen at the last survey.",
    "last_survey_timestamp_seconds": "When the last survey was taken.",
    "last_complete_survey_timestamp_seconds": "When the last complete survey was taken.",
    "candidates": "Volumes in the last run's selection that nothing uses, before it removed any.",
    "removals": "What became of the volumes of the last run, by status.",
    "last_run_exit_code": "Exit code of the last run of a command.",
}

_Labels = tuple[tuple[str, str], ...]
_Sample = tuple[_Labels, float]


def metrics_text(measures: Measures) -> str:
    """Write all that is known; a number that is not known is not there."""
    registry = CollectorRegistry()
    registry.register(_Families(measures))
    return generate_latest(registry).decode()


def measures_in(text: str) -> Measures | None:
    """Read back what `metrics_text` wrote; None where it is anything else."""
    found: dict[str, dict[_Labels, float]] = defaultdict(dict)
    clusters = set()
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                labels = dict(sample.labels)
                clusters.add(labels.pop("cluster_id"))
                name = sample.name.removeprefix(_PREFIX)
                found[name][tuple(sorted(labels.items()))] = sample.value
        (cluster_id,) = clusters
        return Measures(
            cluster_id=cluster_id,
            swarm=_swarm_in(found),
            completed_at=found["last_complete_survey_timestamp_seconds"].get(()),
            runs=_runs_in(found),
        )
    except (ValueError, KeyError, OverflowError):
        return None


class _Families(Collector):
    """Gives a registry the metrics of one run: none of the process or of Python."""

    def __init__(self, measures: Measures) -> None:
        """Tell of `measures`."""
        self._measures = measures

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give each metric that has a number."""
        for name, samples in _samples(self._measures).items():
            if not samples:
                continue
            labels = [label for label, _ in samples[0][0]]
            family = GaugeMetricFamily(
                f"{_PREFIX}{name}", _HELP[name], labels=["cluster_id", *labels]
            )
            for pairs, number in samples:
                values = [text for _, text in pairs]
                family.add_metric([self._measures.cluster_id, *values], number)
            yield family


def _samples(measures: Measures) -> dict[str, list[_Sample]]:
    samples: dict[str, list[_Sample]] = {name: [] for name in _HELP}
    if (swarm := measures.swarm) is not None:
        samples["volumes"] = _by("ruling", swarm.volumes)
        samples["gaps"] = [((), swarm.gaps)]
        samples["survey_complete"] = [((), swarm.complete)]
        samples["last_survey_timestamp_seconds"] = [((), swarm.surveyed_at)]
    if measures.completed_at is not None:
        samples["last_complete_survey_timestamp_seconds"] = [((), measures.completed_at)]
    for command, run in sorted(measures.runs.items()):
        samples["candidates"] += _by("state", run.candidates or {}, command)
        samples["removals"] += _by("status", run.removals or {}, command)
        samples["last_run_exit_code"].append(((("command", command),), run.exit_code))
    return samples


def _by(
    label: str, numbers: Mapping[Ruling, int] | Mapping[OutcomeStatus, int], command: str = ""
) -> list[_Sample]:
    of_command = (("command", command),) if command else ()
    return [((*of_command, (label, key.value)), number) for key, number in numbers.items()]


def _swarm_in(found: Mapping[str, Mapping[_Labels, float]]) -> SwarmMeasures | None:
    if () not in found["last_survey_timestamp_seconds"]:
        return None
    return SwarmMeasures(
        surveyed_at=found["last_survey_timestamp_seconds"][()],
        complete=bool(found["survey_complete"][()]),
        gaps=int(found["gaps"][()]),
        volumes={ruling: int(found["volumes"][("ruling", ruling.value),]) for ruling in Ruling},
    )


def _runs_in(found: Mapping[str, Mapping[_Labels, float]]) -> dict[str, RunMeasures]:
    runs = {}
    for labels, code in found["last_run_exit_code"].items():
        command = dict(labels)["command"]
        candidates = {
            Ruling(label): number
            for label, number in _of_command(found["candidates"], command, "state")
        }
        removals = {
            OutcomeStatus(label): number
            for label, number in _of_command(found["removals"], command, "status")
        }
        runs[command] = RunMeasures(
            exit_code=int(code), candidates=candidates or None, removals=removals or None
        )
    return runs


def _of_command(
    samples: Mapping[_Labels, float], command: str, label: str
) -> Iterable[tuple[str, int]]:
    for labels, number in samples.items():
        values = dict(labels)
        if values["command"] == command:
            yield values[label], int(number)
