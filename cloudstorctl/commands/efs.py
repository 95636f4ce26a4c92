"""`efs`: the file systems that the swarm's volumes are on, and what is wrong with them."""

from __future__ import annotations

from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.ls import sight
from cloudstorctl.commands.options import examples, with_options
from cloudstorctl.commands.session import open_session
from cloudstorctl.commands.showing import show
from cloudstorctl.config import Output
from cloudstorctl.errors import ExitCode, NoAccessError

EPILOG = examples("cloudstorctl efs", "cloudstorctl efs -o json")


@with_options
def efs(invocation: Invocation) -> ExitCode:
    """Show the EFS file systems of the swarm: modes, size, mount targets, backup, load, faults.

    Which they are, the plugins of the nodes tell, or 'aws' in the configuration. AWS is asked with
    the credentials and the region of the environment, as by every AWS tool. Exits 8 when it
    describes none of them.
    """
    context = invocation.context()
    with open_session(invocation, context) as session:
        seen = session.look(timeless=True)
    from cloudstorctl.commands.storage import Storage  # noqa: PLC0415 - botocore is slow
    from cloudstorctl.core.efs_health import reports  # noqa: PLC0415 - with all of the doctor's

    storage = Storage(invocation, context)
    attached = storage.attached(seen.survey)
    described = storage.file_systems(attached, seen.survey.taken_at)
    if attached and not described:
        raise NoAccessError("\n".join(storage.missing))
    zones: dict[str, str] = {}
    for region in sorted({each.region for each in attached if each.id in described}):
        zones |= storage.zones(region, (node.address for node in seen.survey.nodes))
    found = reports(seen, attached, described, zones)
    if not found:
        session.console.message(
            "No plugin of this swarm names an EFS file system, nor does 'aws' in the configuration."
        )
    from cloudstorctl.render import efs as shown  # noqa: PLC0415 - rich is slow

    wide = context.output is Output.WIDE
    show(
        session.console,
        context.output,
        document=lambda: shown.efs_document(seen.survey, found, seen.gaps, storage.missing),
        names=lambda: "".join(f"{each.attached.id}\n" for each in found),
        screens=lambda: (
            [shown.efs_table(seen.survey, found, seen.gaps, wide=wide)]
            if found or seen.gaps
            else []
        ),
    )
    for sentence in storage.missing:
        session.console.message(f"Not told by AWS: {sentence}.")
    return sight(seen, seen.verdicts)
