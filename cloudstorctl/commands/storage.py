"""A command's way to AWS: what it says of the storage behind the swarm's volumes.

It is imported where AWS is asked, and no earlier: botocore takes 150 ms.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudstorctl.aws.access import Access, AwsError
from cloudstorctl.aws.ebs import volumes_of_stack
from cloudstorctl.aws.efs import arn_of, file_systems
from cloudstorctl.aws.instances import instances_at, zones_of
from cloudstorctl.aws.recovery import latest_recovery_point
from cloudstorctl.core.attached import Configured, attached_in
from cloudstorctl.core.ebs import name_gaps, on_ebs, relocatable, stacks_in
from cloudstorctl.core.gone import in_question, networks_of, settled, without
from cloudstorctl.core.restoring import NOT_ASKED, Restoring
from cloudstorctl.core.storage import RecoveryPoint, Restorable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from cloudstorctl.commands.invocation import Invocation
    from cloudstorctl.config import Context
    from cloudstorctl.core.attached import Attached
    from cloudstorctl.core.ebs import Relocatable, Stack
    from cloudstorctl.core.gone import Instance
    from cloudstorctl.core.model import Gap, Survey
    from cloudstorctl.core.storage import EbsVolume, FileSystem

_SIGNS = (
    "AWS_PROFILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_ROLE_ARN",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
)
"""Variables that say that this is a place from which AWS is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """What AWS says of the storage behind the volumes of a survey."""

    about: object
    """What of the survey it was asked about: it holds for any other one with the same."""
    gaps: tuple[Gap, ...]
    restoring: Restoring


class Storage:
    """Asks AWS for one run, and remembers what it could not be asked."""

    def __init__(self, invocation: Invocation, context: Context) -> None:
        """Send nothing yet."""
        self._context = context
        self._access = Access(
            environ=invocation.world.environ,
            profile=context.aws_profile,
            region=context.aws_region,
            timeout=context.timeout,
        )
        places = invocation.world.places
        self.set_up = (
            any(invocation.world.environ.get(name) for name in _SIGNS)
            or bool(context.aws_profile or context.aws_region)
            or any((places.home / ".aws" / name).exists() for name in ("config", "credentials"))
        )
        """Whether anything says that AWS is to be asked, also where nobody asks for AWS."""
        self.missing: list[str] = []
        """Sentences about what could not be read, each once."""

    def attached(self, seen: Survey) -> tuple[Attached, ...]:
        """Find the file systems of a swarm: from its plugins, or else from the configuration."""
        context = self._context
        configured = Configured(
            region=context.aws_region or "",
            regular=context.efs_regular or "",
            maxio=context.efs_maxio or "",
        )
        return attached_in(seen, configured)

    def stacks(self, seen: Survey) -> tuple[Stack, ...]:
        """Find the stacks whose plugins make EBS volumes, in the same way."""
        context = self._context
        return stacks_in(seen, region=context.aws_region or "", stack=context.aws_stack or "")

    def file_systems(self, attached: Iterable[Attached], now: datetime) -> dict[str, FileSystem]:
        """Describe these file systems, by ID."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for each in attached:
            wanted[each.region].add(each.id)
        found: dict[str, FileSystem] = {}
        for region, identifiers in sorted(wanted.items()):
            try:
                described = file_systems(
                    self._access, region, sorted(identifiers), now=now, missing=self.note
                )
            except AwsError as error:
                self.note(str(error))
            else:
                found |= {each.id: each for each in described}
        return found

    def about(self, seen: Survey) -> object:
        """Give all of a survey that `behind` rests on."""
        attached = frozenset((each.id, each.region) for each in self.attached(seen))
        return attached, self.stacks(seen) if on_ebs(seen) else ()

    def behind(self, seen: Survey, *, within: timedelta | None, restorable: bool) -> Behind:
        """Ask what makes names uncertain, and, with `restorable`, what could be restored."""
        stacks = self.stacks(seen) if on_ebs(seen) else ()
        volumes = [volume for each in stacks for volume in self.ebs_volumes(each)]
        found = relocatable(seen, volumes)
        restoring = NOT_ASKED
        if restorable:
            restoring = Restoring(
                file_systems=self._restorable(self.attached(seen)),
                volumes={each.volume.name: _snapshot_of(each) for each in found},
                within=within,
            )
        return Behind(about=self.about(seen), gaps=name_gaps(found), restoring=restoring)

    def ebs_volumes(self, stack: Stack) -> tuple[EbsVolume, ...]:
        """Describe the EBS volumes that the driver has made for a stack."""
        try:
            return volumes_of_stack(self._access, stack.region, stack.arn)
        except AwsError as error:
            self.note(str(error))
            return ()

    def without_gone(self, seen: Survey) -> Survey:
        """Close the gaps of nodes that are down and whose EC2 instances run nothing any more."""
        nodes = in_question(seen)
        if not nodes:
            return seen
        regions = {each.region for each in self.attached(seen)}
        regions |= {each.region for each in self.stacks(seen)}
        instances: list[Instance] = []
        try:
            for region in sorted(regions) or [""]:
                instances += instances_at(
                    self._access,
                    region,
                    (node.address for node in seen.nodes),
                    (node.hostname for node in nodes),
                )
        except AwsError as error:
            self.note(str(error))
            return seen
        networks = networks_of(seen, instances)
        gone = []
        for node in nodes:
            proved, why_not = settled(node, instances, networks)
            if proved is None:
                self.note(f"{node.hostname} is not known to be gone: {why_not}")
            else:
                gone.append(proved)
        return without(seen, gone)

    def zones(self, region: str, addresses: Iterable[str]) -> dict[str, str]:
        """Give the availability zones of nodes, by IP address."""
        try:
            return zones_of(self._access, region, [each for each in addresses if each])
        except AwsError as error:
            self.note(str(error))
            return {}

    def note(self, sentence: str) -> None:
        """Remember what is missing."""
        if sentence not in self.missing:
            self.missing.append(sentence)

    def _restorable(self, attached: Iterable[Attached]) -> dict[str, Restorable]:
        """Say of these file systems, by ID, whether AWS Backup could restore them."""
        found: dict[str, Restorable] = {}
        for each in attached:
            if each.id in found:
                continue
            try:
                arn = arn_of(self._access, each.region, each.id)
                point = latest_recovery_point(self._access, each.region, arn)
            except AwsError as error:
                found[each.id] = Restorable(unknown=str(error))
            else:
                found[each.id] = Restorable(point=point)
        return found


def _snapshot_of(each: Relocatable) -> Restorable:
    if each.namesakes:
        return Restorable(unknown="several EBS volumes have its name")
    snapshot = each.volume.snapshot
    if snapshot is None:
        return Restorable()
    return Restorable(point=RecoveryPoint(arn=snapshot.id, created=snapshot.created))
