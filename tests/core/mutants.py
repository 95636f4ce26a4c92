"""Hold the mutants that no test killed against the list of those that are the same program.

`make mutants` runs it, right after `mutmut run`.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

LIST = Path(__file__).with_name("equivalent_mutants.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """A change to one function, which stays the same wherever its lines move."""

    of: str
    change: tuple[str, ...]
    """The lines taken out and put in, with `-` and `+` before them."""

    def __str__(self) -> str:
        """Give what the list has of it."""
        return "\n".join((self.of, *(f"  {line}" for line in self.change)))


def main() -> int:
    """Tell what is left to do; return 0 where that is nothing."""
    status_of = dict(
        line.strip().rsplit(": ", 1) for line in mutmut("results", "--all", "true").splitlines()
    )
    alive = {name: status for name, status in status_of.items() if status != "killed"}
    found = {name: mutant_from(name) for name in alive}
    listed = Counter(
        Mutant(of=each["of"], change=changed_lines(each["change"]))
        for each in tomllib.loads(LIST.read_text("utf-8"))["mutant"]
    )
    open_places = listed.copy()
    for name, mutant in found.items():
        if open_places[mutant] and alive[name] == "survived":
            open_places[mutant] -= 1
        else:
            say(f"\n{alive[name]}: {mutant}\n  (mutmut show {name})")
    for mutant in open_places.elements():
        say(f"\nin {LIST.name}, but killed or gone: {mutant}")
    excused = (listed - open_places).total()
    say(f"\n{len(status_of)} mutants: {len(status_of) - len(alive)} killed, {excused} equivalent")
    return 0 if status_of and excused == len(alive) == listed.total() else 1


def mutant_from(name: str) -> Mutant:
    """Look up what mutmut names like `package.module.xǁClassǁmethod__mutmut_7`."""
    module, _, mangled = name.partition("__mutmut_")[0].rpartition(".")
    function = mangled.removeprefix("x").strip("ǁ").replace("ǁ", ".")
    function = function if "ǁ" in mangled else function.removeprefix("_")
    return Mutant(of=f"{module}.{function}", change=changed_lines(mutmut("show", name)))


def changed_lines(diff: str) -> tuple[str, ...]:
    """Take the changed lines from a diff, whatever their indentation."""
    return tuple(
        f"{line[0]} {line[1:].strip()}"
        for line in diff.splitlines()
        if line.startswith(("-", "+")) and not line.startswith(("---", "+++"))
    )


def mutmut(*arguments: str) -> str:
    """Run mutmut and return what it prints."""
    command = [str(Path(sys.executable).with_name("mutmut")), *arguments]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - its own
    return ran.stdout


def say(text: str) -> None:
    sys.stdout.write(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
