"""`guard install`: bring the guard up on this node, and have the engine ask it."""

from __future__ import annotations

from pathlib import Path

from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.options import DryRun, Root, examples, with_options
from cloudstorctl.errors import ExitCode

EPILOG = examples(
    "cloudstorctl guard install --dry-run",
    "cloudstorctl guard install --config /etc/cloudstorctl.toml",
)

_ANY_SWARM = (
    "The configuration has no cluster_id: a manager that begins another swarm is read in the place "
    "of the first one, and nothing in it uses the volumes. 'docker info --format "
    "{{.Swarm.Cluster.ID}}' on a manager tells the ID."
)


@with_options
def guard_install(
    invocation: Invocation, *, dry_run: DryRun = False, root: Root = None
) -> ExitCode:
    """Bring the guard up on this node with systemd, and have its engine ask it.

    To be run on the node itself, as root. dockerd's configuration gets the guard's name, and keeps
    all else; the engine is told only once the guard answers. The service gets --config and
    --context as given here. A second time nothing changes.
    """
    # What only one who installs needs is not to cost the others time.
    from cloudstorctl.commands.guard_setup import by_hand, carry_out, setup_of  # noqa: PLC0415
    from cloudstorctl.guard.daemon_json import with_plugin  # noqa: PLC0415
    from cloudstorctl.guard.names import ENGINE, PLUGIN  # noqa: PLC0415
    from cloudstorctl.guard.steps import Files, in_tree, install_steps  # noqa: PLC0415
    from cloudstorctl.guard.units import SOCKET_TEXT, guard_command, service_text  # noqa: PLC0415

    world, console = invocation.world, invocation.console()
    command = guard_command(world.python, _options(invocation, in_tree=root is not None))
    setup = setup_of(world, root, by_hand(command))
    setup.engine.refuse_flag()
    engine = f"unix://{setup.engine.socket}"
    if engine not in {ENGINE, ENGINE.replace("/var/run/", "/run/")}:
        command = (*command, "--engine", engine)
    after = Files(
        socket=SOCKET_TEXT,
        service=service_text(command),
        daemon=with_plugin(setup.before.daemon, PLUGIN, str(setup.where.daemon)),
    )
    steps = install_steps(setup.where, setup.before, after, setup.state)
    if setup.in_tree:
        steps = in_tree(steps, setup.where, enabled=True)
    elif not dry_run and after.daemon is not None and after.daemon != setup.before.daemon:
        setup.node.check_that_dockerd_takes(after.daemon, setup.where.daemon)
    carry_out(steps, setup, console, dry_run=dry_run)
    if not setup.in_tree and invocation.context().cluster_id is None:
        console.message(_ANY_SWARM)
    if dry_run:
        console.message("Nothing was changed.")
    elif setup.in_tree:
        console.message(f"The guard is in {root}; it runs {world.python}, which has to be there.")
    elif setup.engine.running:
        console.message("The engine of this node asks the guard before it removes a volume.")
    else:
        console.message("The engine does not run just now; it asks the guard once it does.")
    return ExitCode.DONE


def _options(invocation: Invocation, *, in_tree: bool) -> list[str]:
    """Give the common options that the guard is to run with.

    The configuration that is found here is named: the service has another home than who installs
    it. In a tree, only what was said holds.

    Raises:
        UsageError: the configuration cannot be used: the guard would deny everything.
    """
    flags = invocation.flags
    if in_tree:
        file = None if flags.config is None else Path(flags.config)
    else:
        file = invocation.context().config_file
    options = [] if file is None else ["--config", str(file.absolute())]
    return options if flags.context is None else [*options, "--context", flags.context]
