"""Verifies a volume of a scripted swarm over HTTP, and holds every run to what none may break."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cloudstorctl.core.marker import PREFIX, Marker
from cloudstorctl.core.model import VolumeName
from cloudstorctl.core.sharing import trial_of
from cloudstorctl.core.verdict import assess
from cloudstorctl.swarm.client import Patience, open_client
from cloudstorctl.swarm.endpoints import NodeEndpoints, endpoint_from
from cloudstorctl.swarm.engines import Engines
from cloudstorctl.swarm.survey import SurveySettings, survey
from cloudstorctl.swarm.verify import Verification, Verified, verify
from tests.core.builders import NOW
from tests.edge.asking import LONG, SHORT
from tests.edge.container_host import RUN
from tests.edge.engine_server import Reply, json_reply
from tests.edge.scripted_swarm import ScriptedSwarm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.edge.engine_server import Seen
    from tests.edge.scripted_swarm import ScriptedEngine

    Meeting = Callable[["ScriptedEngine", Seen], Reply | None]

KEPT = {"precious.txt": "precious\n"}
MARKER = Marker(token="0123456789abcdef", content="fedcba9876543210")  # noqa: S106 - no secret
PATIENCE = Patience(driver=SHORT, run=SHORT, clean_up=SHORT, pull=LONG)
SAME = {("m1", "w1"): ("same", ""), ("m1", "w2"): ("same", "")}
NOTHING_WRITTEN = {("m1", "w1"): "untried", ("m1", "w2"): "untried"}
BEFORE = "before"
AFTER = "after"


@contextmanager
def a_swarm(folder: Path) -> Iterator[ScriptedSwarm]:
    """A manager and two workers that share the volume `data` with a file in it."""
    with ScriptedSwarm(folder, "m1", "w1", "w2") as swarm:
        swarm.list_volume("data")
        swarm.files["shared", "data"] = dict(KEPT)
        yield swarm


def step_of(seen: Seen) -> str:
    """Name a request by what is done to which container: `start write`, `list`."""
    words = seen.path.strip("/").split("/")
    if words[0] == "images":
        return "pull" if seen.method == "POST" else "image"
    if words[0] != "containers" or words[1] == "json":
        return words[0]
    name = seen.query.removeprefix("name=") if words[1] == "create" else words[1]
    deed = "delete" if seen.method == "DELETE" else words[-1]
    return f"{deed} {name.rpartition('-')[2]}"


def on(swarm: ScriptedSwarm, hostname: str, step: str, act: Callable[[], Reply | None]) -> None:
    """Act whenever this step comes to an engine, before it is carried out."""
    swarm.hooks.append(
        lambda engine, seen: act() if (engine.hostname, step_of(seen)) == (hostname, step) else None
    )


def fail(swarm: ScriptedSwarm, hostname: str, step: str, *, when: str, reply: Reply) -> None:
    """Let this step end in `reply`, before or after it has been carried out."""

    def meet(engine: ScriptedEngine, seen: Seen) -> Reply | None:
        if (engine.hostname, step_of(seen)) != (hostname, step):
            return None
        if when == AFTER:
            with swarm.lock:
                engine.host.reply(seen)
        return reply

    swarm.hooks.append(meet)


def verified(
    swarm: ScriptedSwarm,
    *nodes: str,
    stop: Callable[[], bool] = lambda: False,
    image: str = "busybox",
    pull: bool = False,
    patience: Patience = PATIENCE,
) -> Verified:
    """Verify `data` and check what holds for every run."""
    engines = Engines(
        managers=[endpoint_from(f"unix://{swarm.folder}/m1")],
        nodes=NodeEndpoints(template=f"unix://{swarm.folder}/{{hostname}}"),
        open_engine=lambda each: open_client(each, tls=None, timeout=LONG, patience=patience),
    )
    with engines:
        seen = assess(survey(engines, SurveySettings(), now=lambda: NOW))
        verdict = seen.on(VolumeName("data"))
        assert verdict is not None
        run = Verification(
            reader_of=engines.reader_of,
            runner_of=engines.runner_of,
            abandon=engines.abandon,
            marker=MARKER,
            image=image,
            pull=pull,
            parallel=4,
            stop=stop,
        )
        found = verify(trial_of(verdict.volume, seen, nodes), run)
    check(swarm, found)
    return found


def check(swarm: ScriptedSwarm, found: Verified) -> None:
    """Hold what holds for every run, whatever befell it."""
    told = {(left.node.hostname, left.what) for left in found.left}
    for hostname, engine in swarm.engines.items():
        for name in engine.host.runs:
            assert (hostname, f"container {name}") in told, "a container is left, and not told of"
        assert not engine.host.made, "no volume is made"
    markers = [name for files in swarm.files.values() for name in files if name.startswith(PREFIX)]
    assert not markers or f"file {MARKER.name}" in {what for _, what in told}
    for files in swarm.files.values():
        assert {n: t for n, t in files.items() if not n.startswith(PREFIX)} in ({}, KEPT)
    swarm.check_what_was_asked()
    sent = Counter(
        (hostname, step_of(seen)) for hostname, seen in swarm.seen if seen.method != "GET"
    )
    assert all(count == 1 for count in sent.values()), "nothing is sent twice"
    for hostname, seen in swarm.seen:
        if step_of(seen).startswith("create"):
            _check_listed_before(swarm, hostname, seen)


def _check_listed_before(swarm: ScriptedSwarm, hostname: str, create: Seen) -> None:
    requests = swarm.engines[hostname].server.seen
    before = [each.path for each in requests[: requests.index(create)]]
    last = [path for path in before if path == "/volumes" or path.startswith(f"/containers/{RUN}")]
    assert last[-1] == "/volumes", "the list is looked at right before a container is made"


def results(found: Verified) -> dict[tuple[str, str], tuple[str, str]]:
    """Give result and reason of each pair, by writer and reader."""
    return {
        (pair.writer.hostname if pair.writer else "-", pair.reader.hostname): (
            pair.result.value,
            pair.reason,
        )
        for pair in found.pairs
    }


def outcomes(found: dict[tuple[str, str], tuple[str, str]]) -> dict[tuple[str, str], str]:
    return {pair: result for pair, (result, _) in found.items()}


def steps(swarm: ScriptedSwarm, hostname: str) -> list[str]:
    """What was asked of an engine after the survey."""
    asked = [step_of(seen) for seen in swarm.engines[hostname].server.seen]
    return asked[asked.index("image") - 1 :]


def left(found: Verified) -> list[tuple[str, str]]:
    """Give what is left: node, and what it is without the token."""
    return [(each.node.hostname, each.what.replace(MARKER.token, "*")) for each in found.left]


REFUSED = json_reply({"message": "out of order"}, status=500)
CUT = Reply(reset=True)
HELD = Reply(hold=True)
