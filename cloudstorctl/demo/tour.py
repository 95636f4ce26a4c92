"""Tell the story that cloudstorctl is for, on a swarm that carries it out."""

from __future__ import annotations

import shutil
import subprocess
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cloudstorctl.demo.ask import ask
from cloudstorctl.demo.story import MOVED, ORPHAN
from cloudstorctl.errors import CloudstorctlError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudstorctl.demo.serve import Served

_WIDTH: Final = 78


@dataclass(frozen=True, slots=True, kw_only=True)
class Tour:
    """Shows each step: words, a command line, and what it really prints."""

    served: Served
    copy: Served
    """A second swarm like the first, for what nobody should do to the first."""
    left: str
    """The node that the moved task has left, in both."""
    tell: Callable[[str], None]
    """Writes text as it is."""
    run: Callable[[tuple[str, ...]], int]
    """Runs cloudstorctl on the first swarm, and gives its exit code."""
    next_step: Callable[[], None]
    """Waits, where somebody watches."""

    def play(self) -> None:
        """Tell it from the beginning to the end.

        Raises:
            CloudstorctlError: a command did not end as the story has it.
            AskError: an engine refused.
        """
        self._say(
            "1. Three engines, and the three services of Cloudstor's documentation: ping1 shares "
            "one volume, each task of ping2 has its own, ping3 shares one for high throughput. "
            f"The tasks of {self.left} were moved to other nodes, and their old containers were "
            "pruned, as cron does every night."
        )
        self._command("ls")
        self.next_step()
        self._say(
            f"2. {self.left} has used {MOVED} and still lists it, but has no container for it: a "
            "stale entry. The volume belongs to a task that runs elsewhere:"
        )
        self._command("ls", "--per-node", MOVED)
        self.next_step()
        self._say(
            f"3. The engine of {self.left} knows its own containers only, and calls all of them "
            "unused. On a copy of this swarm, so that nothing is lost here, with plain docker:"
        )
        self._destroy()
        self.next_step()
        self._say("4. The same with cloudstorctl, on the swarm that is whole:")
        self._command("rm", MOVED, code=ExitCode.REFUSED)
        self._show_files(self.served, MOVED)
        self.next_step()
        self._say(
            f"5. {ORPHAN} is another matter: no container, task or service of the whole swarm uses "
            "it, and every engine was asked."
        )
        self._command("safe-prune", "--yes")
        self._show_files(self.served, ORPHAN, MOVED)
        self.next_step()
        self._say("6. And what AWS says of the file systems behind it all:")
        self._command("efs")

    def _say(self, text: str) -> None:
        self.tell("\n" + textwrap.fill(text, _WIDTH, subsequent_indent="   ") + "\n\n")

    def _command(self, *words: str, code: ExitCode = ExitCode.DONE) -> None:
        self.tell(f"$ cloudstorctl {' '.join(words)}\n")
        found = self.run(words)
        if found != code:
            raise CloudstorctlError(f"The tour went astray: that ended with {found}, not {code:d}.")
        if code:
            self.tell(f"$ echo $?\n{code:d}\n")

    def _destroy(self) -> None:
        """Remove the moved task's volume from the node that it has left, by plain docker."""
        self._show_files(self.copy, MOVED)
        self._docker(("volume", "ls", "-qf", "dangling=true"), "GET", "")
        self._docker(("volume", "rm", MOVED), "DELETE", f"/volumes/{MOVED}")
        self._show_files(self.copy, MOVED)
        self.tell("\nIt succeeds, and the file of the running task is gone.\n")

    def _docker(self, words: tuple[str, ...], method: str, path: str) -> None:
        socket = self.copy.swarm.place.socket(self.left)
        self.tell(f"$ docker {' '.join(words)}    # on {self.left}\n")
        program = shutil.which("docker")
        if program:
            argv = [program, "--host", f"unix://{socket}", *words]
            done = subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603
            self.tell(done.stdout + done.stderr)
        elif path:
            ask(socket, path, method=method)
            self.tell("(docker is not installed here: its request was sent in its place)\n")

    def _show_files(self, served: Served, *volumes: str) -> None:
        """Show what is in the directories of volumes."""
        root = served.swarm.place.shared / "reg"
        for volume in volumes:
            self.tell(f"$ ls {volume}/    # on the shared file system\n")
            files = sorted(file.name for file in (root / volume).glob("*"))
            self.tell(
                "".join(f"{name}\n" for name in files) or f"ls: no such directory: {volume}/\n"
            )
