"""The machine that tortures: Hypothesis chooses what happens, and every step is held to account."""

from __future__ import annotations

import atexit
import contextlib
import math
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from cloudstorctl.demo.node.plugin import ALIAS
from tests.torture import choices
from tests.torture.counts import Counts
from tests.torture.deeds import PROGRAMS, CreateVolume, Mounts, PruneContainers, RunContainer
from tests.torture.ground import Ground
from tests.torture.lab import ImpossibleError, Lab, Layout
from tests.torture.program import Program, Ran, furnish
from tests.torture.troubles import LoseMemory, PassTime, SetClock

if TYPE_CHECKING:
    from tests.torture.witness import Deed, Happening

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - files that live for a moment, in a new folder
HOME: Final = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None, prefix="torture-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
furnish(HOME)

NO_LIMITS: Final = ("--max-count=1000", "--max-percent=100")
LIMITS: Final = st.sampled_from((NO_LIMITS, ()))


class Torture(RuleBasedStateMachine):
    """One swarm, what befalls it, and the program."""

    lab: Lab | None = None
    plan: Path | None = None

    @property
    def has_grace(self) -> bool:
        return self.lab is not None and self.lab.layout.grace > 0

    @property
    def has_services(self) -> bool:
        return self.lab is not None and bool(self.lab.swarm.cluster.services)

    @property
    def has_containers(self) -> bool:
        return self.lab is not None and any(e.containers for e in self.lab.swarm.engines.values())

    @initialize(layout=choices.LAYOUTS, orphans=choices.ORPHANS)
    def a_swarm_is_made(self, layout: Layout, orphans: list[str]) -> None:
        self.problems: list[str] = []
        """What was wrong with runs in the middle of others."""
        self.folder = Path(tempfile.mkdtemp(dir=HOME, prefix="s"))
        self.lab = Lab(folder=self.folder, layout=layout)
        self.program = Program(self.lab, HOME)
        self.other = Program(self.lab, HOME, "other")
        self.ground = Ground(self.lab)
        self.lab.another = self.another
        self.open()
        for number, name in enumerate(orphans):
            self.happens(CreateVolume(number, name, ALIAS, "", protected=False))
            if number % 2 and layout.generation == 1:
                # Another node has used it too, and so lists it as well.
                self.happens(CreateVolume(number + 1, name, ALIAS, "", protected=False))
        Counts.add("runs")

    def open(self) -> None:
        """Make what the requests of the program go through: nothing is needed in process."""

    def teardown(self) -> None:
        if self.lab is not None:
            shutil.rmtree(self.folder)

    def happens(self, deed: Deed) -> None:
        assert self.lab is not None
        Counts.add("deeds")
        with contextlib.suppress(ImpossibleError):
            deed.do(self.lab)
            Counts.add("done")
        self.check(self.ground.look())

    @rule(deed=choices.CREATES_SERVICE)
    def somebody_creates_a_service(self, deed: Deed) -> None:
        self.happens(deed)

    @precondition(lambda self: self.has_services)
    @rule(deed=choices.SCALES_SERVICE)
    def somebody_scales_a_service(self, deed: Deed) -> None:
        self.happens(deed)

    @precondition(lambda self: self.has_services)
    @rule(deed=choices.UPDATES_SERVICE)
    def somebody_updates_a_service(self, deed: Deed) -> None:
        self.happens(deed)

    @precondition(lambda self: self.has_services)
    @rule(deed=choices.ROLLS_BACK)
    def somebody_rolls_a_service_back(self, deed: Deed) -> None:
        self.happens(deed)

    @precondition(lambda self: self.has_services)
    @rule(deed=choices.REMOVES_SERVICE)
    def somebody_removes_a_service(self, deed: Deed) -> None:
        self.happens(deed)

    @rule(deed=choices.RUNS_CONTAINER)
    def somebody_runs_a_container(self, deed: Deed) -> None:
        self.happens(deed)

    @precondition(lambda self: self.has_containers)
    @rule(deed=choices.ENDS_CONTAINER)
    def somebody_stops_or_removes_a_container(self, deed: Deed) -> None:
        self.happens(deed)

    @rule(deed=choices.MAKES_VOLUME)
    def somebody_makes_a_volume(self, deed: Deed) -> None:
        self.happens(deed)

    @rule(deed=choices.PASSES_TIME)
    def time_passes(self, deed: Deed) -> None:
        self.happens(deed)

    @rule(deed=choices.SETS_AVAILABILITY)
    def a_node_is_drained_paused_or_activated(self, deed: Deed) -> None:
        self.happens(deed)

    @rule(deed=choices.ENGINE_TROUBLE)
    def an_engine_ends_or_freezes_or_comes_back(self, deed: Deed) -> None:
        self.happens(deed)

    @rule(deed=choices.REMOVES_NODE)
    def a_node_is_removed(self, deed: Deed) -> None:
        self.happens(deed)

    @rule(deed=choices.PLUGIN_TROUBLE)
    def a_plugin_is_switched_or_removed_or_installed(self, deed: Deed) -> None:
        self.happens(deed)

    @rule(deed=choices.DRIVER_TROUBLE)
    def a_driver_begins_to_fail_or_works_again(self, deed: Deed) -> None:
        self.happens(deed)

    @rule(deed=choices.SPOILS_REQUESTS)
    def requests_begin_to_fail(self, deed: Deed) -> None:
        self.happens(deed)

    @rule(happenings=choices.HAPPENINGS, first=choices.NUMBER)
    def the_program_lists(self, happenings: list[Happening], first: int) -> None:
        self.run("ls", happenings=happenings, first=first)

    @rule(
        happenings=choices.HAPPENINGS, first=choices.NUMBER, limits=st.sampled_from((NO_LIMITS, ()))
    )
    def the_program_prunes(
        self, happenings: list[Happening], first: int, limits: tuple[str, ...]
    ) -> None:
        ran = self.run("safe-prune", "--yes", *limits, happenings=happenings, first=first)
        asked = {delete.path for delete in ran.witness.deletes}
        total = len((ran.document or {}).get("outcomes", ()))
        if not limits and len(asked) > min(20, math.ceil(total * 0.25)):
            self.check([f"{len(asked)} of {total} volumes were to be removed, over the limit"])

    @rule(happenings=choices.HAPPENINGS, which=st.sets(choices.NUMBER, min_size=1, max_size=2))
    def the_program_removes(self, happenings: list[Happening], which: set[int]) -> None:
        there = sorted(self.ground.listed()) or ["data"]
        names = {there[number % len(there)] for number in which}
        self.run("rm", *sorted(names), *NO_LIMITS, happenings=happenings)

    @rule(happenings=choices.HAPPENINGS)
    def the_program_plans(self, happenings: list[Happening]) -> None:
        plan = self.folder / "plan.json"
        ran = self.run("plan", f"--plan-out={plan}", *NO_LIMITS, happenings=happenings)
        self.plan = plan if ran.document is not None else self.plan

    @precondition(lambda self: self.plan is not None)
    @rule(happenings=choices.HAPPENINGS)
    def the_program_applies_its_plan(self, happenings: list[Happening]) -> None:
        self.run("apply", str(self.plan), *NO_LIMITS, happenings=happenings)

    @precondition(lambda self: self.has_grace)
    @rule(deed=choices.SETS_CLOCK)
    def the_program_prunes_where_the_clock_is_wrong(self, deed: Deed) -> None:
        self.happens(deed)
        self.run("safe-prune", "--yes", *NO_LIMITS, happenings=[])
        self.happens(SetClock(0))

    @precondition(lambda self: self.has_grace)
    @rule(happenings=choices.HAPPENINGS)
    def what_is_unused_now_is_remembered_and_the_grace_period_passes(
        self, happenings: list[Happening]
    ) -> None:
        assert self.lab is not None
        self.run("plan", *NO_LIMITS, happenings=happenings)
        self.happens(PassTime(self.lab.layout.grace))

    @precondition(lambda self: self.has_grace)
    @rule(node=choices.NUMBER, which=choices.NUMBER)
    def somebody_uses_a_volume_for_a_moment_and_the_program_sees_it(
        self, node: int, which: int
    ) -> None:
        assert self.lab is not None
        there = sorted(self.ground.listed()) or ["data"]
        mounts = Mounts(source=there[which % len(there)], driver=ALIAS)
        self.happens(RunContainer(node, mounts, PROGRAMS[0], start=False))
        self.run("plan", *NO_LIMITS, happenings=[])
        self.happens(PruneContainers(node))

    @rule()
    def all_is_mended(self) -> None:
        assert self.lab is not None
        self.lab.heal()
        self.lab.tell("All is mended, and the swarm comes to rest.")
        self.check(self.ground.look())

    @rule()
    def all_is_mended_and_one_prune_removes_every_orphan(self) -> None:
        lab = self.lab
        assert lab is not None
        lab.heal()
        lab.end_lock()
        if lab.astray:
            self.happens(LoseMemory())
        lab.tell("All is mended, the lock of a dead run too, and the swarm comes to rest.")
        self.ground.look()
        orphans = self.ground.orphans()
        for _ in range(2 if lab.layout.grace else 1):
            self.run("safe-prune", "--yes", *NO_LIMITS, happenings=[])
            lab.steps.pass_time(lab.layout.grace)
        left = sorted(orphans & self.ground.listed())
        self.check([f"nothing claims {name}, all was seen, and it is still there" for name in left])
        if lab.layout.grace and orphans:
            self.happens(CreateVolume(0, min(orphans), ALIAS, "", protected=False))
            self.run("safe-prune", "--yes", *NO_LIMITS, happenings=[])

    def run(self, command: str, *argv: str, happenings: list[Happening], first: int = 0) -> Ran:
        ran = self.program.run(command, *argv, happenings=happenings, first=first)
        self.ground.asked |= {d.path.removeprefix("/volumes/") for d in ran.witness.deletes}
        self.count(ran)
        self.check([*ran.problems, *self.problems, *self.ground.against(ran), *self.ground.look()])
        return ran

    def another(self, words: tuple[str, ...]) -> None:
        """Run the program while it runs already, for somebody else."""
        lab = self.lab
        assert lab is not None
        before = (lab.indent, lab.interrupted, lab.another)
        lab.another = None
        command = "plan" if "--dry-run" in words else words[0]
        argv = [word for word in words[1:] if word != "--dry-run"]
        ran = self.other.run(command, *argv, *NO_LIMITS, happenings=[])
        lab.indent, lab.interrupted, lab.another = before
        self.ground.asked |= {d.path.removeprefix("/volumes/") for d in ran.witness.deletes}
        self.count(ran)
        self.problems += [*ran.problems, *self.ground.against(ran)]

    @staticmethod
    def count(ran: Ran) -> None:
        witness = ran.witness
        Counts.add("commands")
        Counts.add(f"code {ran.code}")
        Counts.add("requests", witness.requests)
        Counts.add("between", witness.happened)
        Counts.add("deletes", len(witness.deletes))
        Counts.add("spoiled", sum(not delete.good for delete in witness.deletes))
        Counts.add("raced", witness.raced)
        Counts.add("outside", witness.outside)
        for outcome in (ran.document or {}).get("outcomes", ()):
            Counts.add(f"outcome {outcome['status']}")

    def check(self, problems: list[str]) -> None:
        assert self.lab is not None
        if problems:
            told = "\n".join((*self.lab.story, "", *problems))
            raise AssertionError(f"\n\n{told}\n")
