"""What would settle it: the command that ends a claim or closes a gap."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING, assert_never

from cloudstorctl.core.judgement import ClaimKind, HolderType, Ruling
from cloudstorctl.core.restoring import RULE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudstorctl.core.judgement import Claim, Verdict
    from cloudstorctl.core.model import NodeId, Survey


_BACK_IT_UP = "Once there is a recovery point it may go: 'aws backup start-backup-job' makes one."
_ASK_AGAIN = "When every node can be read, ask again: 'cloudstorctl ls' names what cannot."
_UNPROTECT = "If it need not be protected, take its pattern or label away first."


def advice_on(verdict: Verdict, survey: Survey) -> tuple[str, ...]:
    """Say, in sentences, which commands would settle why a volume is kept; each once."""
    hostnames = {node.id: node.hostname for node in survey.nodes}
    told = [_on_claim(claim, verdict, hostnames) for claim in verdict.claims]
    if verdict.gaps and not verdict.claims:
        name = verdict.volume.name
        # What is doubtful about the name stays so, however much can be read.
        doubts = [gap for gap in verdict.gaps if gap.source == f"volume {name}"]
        if doubts:
            told.append(
                "Which one is meant is for you to settle: "
                f"'cloudstorctl inspect {quote(name)}' and 'cloudstorctl ebs' show where they are, "
                "and all but one need another name there, or have to go."
            )
        if len(doubts) < len(verdict.gaps):
            told.append(_ASK_AGAIN)
    if verdict.ruling is Ruling.PENDING:
        quoted = quote(verdict.volume.name)
        told.append(f"'cloudstorctl rm {quoted} --grace 0s' does not wait for that.")
    return tuple(dict.fromkeys(told))


def _on_claim(claim: Claim, verdict: Verdict, hostnames: Mapping[NodeId, str]) -> str:
    name = verdict.volume.name
    node = hostnames.get(claim.node, claim.node) if claim.node else "its node"
    match claim.kind:
        case ClaimKind.MOUNTED | ClaimKind.SCHEDULED if claim.holder.type is HolderType.TASK:
            service = claim.holder.name.rpartition(".")[0]
            return f"If {service} is no longer needed: 'docker service rm {service}'."
        case ClaimKind.MOUNTED | ClaimKind.SCHEDULED:
            return f"If it is no longer needed: 'docker rm -f {claim.holder.name}' on {node}."
        case ClaimKind.HELD:
            return (
                f"If it is no longer needed: 'docker ps -a --filter volume={name}' on {node} "
                "names the container, and 'docker rm' removes it."
            )
        case ClaimKind.DECLARED | ClaimKind.DORMANT:
            service = claim.holder.name
            return f"If {service} is no longer needed: 'docker service rm {service}'."
        case ClaimKind.ROLLBACK:
            service = claim.holder.name
            return (
                f"If {service} is not to be rolled back, any update of it forgets the old spec: "
                f"'docker service update --label-add settled=yes {service}'."
            )
        case ClaimKind.PROTECTED:
            return _on_protection(claim)
        case _ as never:
            assert_never(never)


def _on_protection(claim: Claim) -> str:
    if claim.holder.id == RULE:
        return _BACK_IT_UP
    if claim.detail.startswith("declared"):  # declared.py
        return f"If it is no longer needed, take it out of {claim.holder.name} first."
    return _UNPROTECT
