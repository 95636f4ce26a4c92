"""What a verbose run is told of each look at the swarm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudstorctl.core.memory_document import name_of
from cloudstorctl.render.naming import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudstorctl.core.memory import Memory
    from cloudstorctl.core.model import Survey
    from cloudstorctl.core.verdict import Assessment


def memory_detail(memory: Memory) -> str:
    """Say what the swarm remembers of unused volumes."""
    if not memory.sequence:
        return "The swarm remembers no unused volume yet."
    unused = count(len(memory.since), "unused volume")
    return f"The swarm remembers {unused}, in the config {name_of(memory.sequence)}."


def survey_details(survey: Survey) -> Iterator[str]:
    """Say what each node's engine told, and what the managers did."""
    hostnames = {node.id: node.hostname for node in survey.nodes}
    for engine in survey.engines:
        yield (
            f"{hostnames.get(engine.node_id, engine.node_id)}: "
            f"{count(len(engine.entries), 'volume')}, "
            f"{count(len(engine.containers), 'container')}, "
            f"{count(len(engine.plugins), 'volume plugin')}"
        )
    yield (
        f"Swarm {survey.cluster_id}: {count(len(survey.nodes), 'node')}, "
        f"{count(len(survey.services), 'service')}, {count(len(survey.tasks), 'task')}"
    )


def look_detail(seen: Assessment) -> str:
    """Sum one look up."""
    read = f"{len(seen.survey.engines)} of {count(len(seen.survey.nodes), 'node')}"
    found = count(len(seen.verdicts), "Cloudstor volume")
    return f"{read} read, {found}, {count(len(seen.gaps), 'gap')}"
