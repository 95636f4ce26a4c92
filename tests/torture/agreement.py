"""What the exit code, the document and the record of a run have to say of each other."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from cloudstorctl.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.torture.wire import Exchange

Document = dict[str, Any]

_FAILURES: Final = {"refused", "failed", "uncertain"}
_IN_WORDS: Final = {
    ExitCode.FAILED: "expected failure",
    ExitCode.REFUSED: "refused",
    ExitCode.INCOMPLETE: "the view is incomplete",
    ExitCode.STALE: "the plan is stale",
    ExitCode.NO_ACCESS: "no access",
}
_WITHOUT_DOCUMENT: Final = {
    "ls": {ExitCode.NO_ACCESS},
    "plan": {ExitCode.NO_ACCESS},
    "rm": {ExitCode.NO_ACCESS, ExitCode.REFUSED},
    "safe-prune": {ExitCode.NO_ACCESS, ExitCode.REFUSED},
    "apply": {ExitCode.NO_ACCESS, ExitCode.REFUSED, ExitCode.INCOMPLETE, ExitCode.STALE},
}
"""The codes with which a command may end before it has anything to print."""


def code_for(command: str, document: Document | None, *, forgetful: bool) -> set[int]:
    """Give the exit codes that a command may end with, given what it printed.

    `forgetful` is a run that said that the swarm does not remember what it saw.
    """
    if document is None:
        return set(_WITHOUT_DOCUMENT[command])
    gaps = document["gaps"]
    blind = any(gap.get("volumes") is None for gap in gaps)
    match command:
        case "ls":
            names = [volume["name"] for volume in document["volumes"]]
            hidden = any(blind or set(gap["volumes"] or ()) & set(names) for gap in gaps)
            touched = hidden if names else bool(gaps)
            return {ExitCode.INCOMPLETE if touched else ExitCode.DONE}
        case "plan":
            unknown = any(kept["ruling"] == "unknown" for kept in document["kept"])
            # Its gaps do not tell which volumes they touch.
            maybe = {ExitCode.INCOMPLETE} if gaps or forgetful else set()
            return {ExitCode.INCOMPLETE} if unknown else {ExitCode.DONE} | maybe
        case _:
            return _after_removals(command, document, blind=blind, forgetful=forgetful)


def _after_removals(command: str, document: Document, *, blind: bool, forgetful: bool) -> set[int]:
    statuses = Counter(outcome["status"] for outcome in document["outcomes"])
    unfinished = statuses["not_tried"] + statuses["uncertain"]
    # What ends a run early (no manager, Ctrl-C, a record that cannot be written) leaves volumes
    # that were not tried, or of which nobody knows what became.
    early = {ExitCode.NO_ACCESS, ExitCode.FAILED, ExitCode.INTERRUPTED} if unfinished else set()
    # One volume may have been finished and Ctrl-C pressed after its last request.
    early |= {ExitCode.INTERRUPTED}
    if "lock of the swarm" in (document["error"] or "") or "Another run" in (
        document["error"] or ""
    ):
        early |= {ExitCode.REFUSED}
    if any(statuses[status] for status in _FAILURES):
        return {ExitCode.REMOVALS_FAILED} | early
    if statuses["claimed"]:
        return {ExitCode.REFUSED} | early
    if statuses["not_tried"]:
        return {ExitCode.INCOMPLETE} | early
    if command == "apply":
        return {ExitCode.DONE} | early
    if command == "rm":
        # The document of `rm` does not tell the rulings of what it kept, nor what no engine lists.
        kept = {ExitCode.REFUSED, ExitCode.INCOMPLETE} if statuses["kept"] else set()
        return kept | ({ExitCode.DONE, ExitCode.FAILED, ExitCode.INCOMPLETE} - kept) | early
    partly = {ExitCode.INCOMPLETE} if document["gaps"] or forgetful else set()
    return (partly if blind else {ExitCode.DONE} | partly) | early


def disagreements(
    command: str,
    document: Document | None,
    record: Sequence[Document],
    deletes: Sequence[Exchange],
) -> Iterator[str]:
    """Name what the record of a run does not tell as it was."""
    outcomes = (document or {}).get("outcomes", [])
    told = [(o["volume"], o["status"]) for o in outcomes if o["status"] != "kept"]
    noted = [(line["volume"], line["status"]) for line in record if line["event"] == "outcome"]
    # Without the lock of the swarm nothing is begun, and nothing put on record.
    begun = noted or any(status != "not_tried" for _, status in told)
    if begun and told != noted:
        yield f"the document of {command} tells {told}, and the record {noted}"
    asked = Counter((d.hostname, d.path.removeprefix("/volumes/")) for d in deletes)
    answered: Counter[tuple[str, str]] = Counter()
    open_request: Document | None = None
    for line in record:
        if line["event"] == "request":
            if open_request is not None:
                yield f"the record has no answer to {open_request}"
            open_request = line
        elif line["event"] == "answer":
            if open_request is None or open_request["volume"] != line["volume"]:
                yield f"the record has an answer to no request: {line}"
            open_request = None
            if "nothing listens" not in line["answer"]:
                answered[line["node"]["hostname"], line["volume"]] += 1
    if open_request is not None:
        yield f"the record has no answer to {open_request}"
    if asked != answered:
        yield f"the engines were asked for {dict(asked)}, and the record tells {dict(answered)}"
    yield from _outcomes_against_requests(told, deletes)


def _outcomes_against_requests(
    told: Sequence[tuple[str, str]], deletes: Sequence[Exchange]
) -> Iterator[str]:
    for volume, status in told:
        sent = [d for d in deletes if d.path == f"/volumes/{volume}"]
        bad = [d for d in sent if not d.good]
        match status:
            case "removed" | "uncertain" if not sent:
                yield f"{volume} is said to be {status}, and no engine was asked"
            case "not_tried" if sent:
                yield f"{volume} is said to be not tried, and {sent[0].hostname} was asked"
            case "refused" if not any(400 <= d.status < 500 for d in bad):
                yield f"{volume} is said to be refused, and no engine refused"
            case _:
                pass
    named = {volume for volume, _ in told}
    for delete in deletes:
        if delete.path.removeprefix("/volumes/") not in named:
            yield f"{delete.path} was asked for, and nothing tells its outcome"
