"""Time the program on made-up swarms, beside curl and the shell loop: ``python -m bench``."""

from __future__ import annotations

import argparse
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.contenders import Tools, contenders
from bench.engines import serving
from bench.failure import BenchError
from bench.fleet import CONTAINERS, ENTRIES, FEWEST, SEED, Fleet
from bench.report import Measured, goals, table
from bench.runs import median_of, run

_HERE = Path(__file__).parent.parent
_SMALL, _LARGE = 50, 500
_OPEN_FILES = 4096


def say(text: str) -> None:
    """Show it now: who reads it may wait for it."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def measure(nodes: int, runs: int, seed: int, tools: Tools) -> Measured:
    """Time all three on a swarm of that size, in turn, so that a change of pace hits all.

    Raises:
        BenchError: the engines do not start, or a program fails.
    """
    with tempfile.TemporaryDirectory(prefix="cloudstorctl-bench-") as name:
        folder = Path(name)
        answers, work = folder / "answers", folder / "work"
        work.mkdir()
        write_fleet(nodes, seed, answers)
        fleet = Fleet(size=nodes, seed=seed)
        env = {"HOME": name, "DOCKER_CONFIG": name, "PATH": os.environ.get("PATH", os.defpath)}
        with serving(answers, nodes, tools.paths["nginx"], work) as engines:
            three = contenders(engines, fleet, tools, work)
            output = work / "output"
            # Once for the caches, and to see that it reads it all.
            run(three[0], env=env, cwd=_HERE, output=output)
            check(output, fleet)
            used = [
                [run(each, env=env, cwd=_HERE, output=output) for each in three]
                for _ in range(runs)
            ]
        program, floor, loop = (median_of(column) for column in zip(*used, strict=True))
        measured = Measured(nodes=nodes, program=program, floor=floor, loop=loop)
        say(f"\n{nodes} nodes, {ENTRIES} entries and {CONTAINERS} containers each:")
        say(table(measured, (each.name for each in three)))
        return measured


def write_fleet(nodes: int, seed: int, answers: Path) -> None:
    """Write the answers in a process of its own, which takes its memory with it."""
    answers.mkdir()
    subprocess.run(  # noqa: S603 - this Python, and a module of this package
        [sys.executable, "-m", "bench.fleet", str(nodes), str(seed), answers],
        cwd=_HERE,
        check=True,
        start_new_session=True,  # Ctrl-C is for us, who then end it
    )


def check(output: Path, fleet: Fleet) -> None:
    """See that the program has seen the whole swarm, and nothing that is a gap.

    Raises:
        BenchError: it has not, so that its time says nothing.
    """
    with output.open() as file:
        document = json.load(file)
    entries = sum(len(volume["entries"]) for volume in document["volumes"])
    if not document["complete"] or entries != fleet.cloudstor_entries:
        raise BenchError(
            f"the program saw {entries} of {fleet.cloudstor_entries} entries, "
            f"and {len(document['gaps'])} gaps: {document['gaps'][:1]}"
        )


def allow_open_files() -> None:
    """Raise the limit on open files, which a server with a port a node needs.

    Raises:
        BenchError: the system does not allow as many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < _OPEN_FILES:
        if hard != resource.RLIM_INFINITY and hard < _OPEN_FILES:
            raise BenchError(f"{_OPEN_FILES} open files are needed: raise 'ulimit -Hn' ({hard})")
        resource.setrlimit(resource.RLIMIT_NOFILE, (_OPEN_FILES, hard))


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--nodes", type=int, nargs="+", default=[_SMALL, _LARGE], metavar="N")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="of which the median")
    parser.add_argument("--seed", type=int, default=SEED, metavar="N")
    words = parser.parse_args()
    if min(words.nodes) < FEWEST:
        parser.error(f"a swarm of at least {FEWEST} nodes is needed")
    # Ended in this way too, it cleans up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        allow_open_files()
        tools = Tools.found(os.environ.get("PATH", ""))
        say(f"Medians of {words.runs} runs, whole processes; memory is that of the largest one.")
        measured = {nodes: measure(nodes, words.runs, words.seed, tools) for nodes in words.nodes}
    except BenchError as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    if _SMALL in measured and _LARGE in measured:
        say(f"\n{goals(measured[_SMALL], measured[_LARGE])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
