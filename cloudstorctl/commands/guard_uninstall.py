"""`guard uninstall`: have the engine ask the guard no more, and take it away."""

from __future__ import annotations

from cloudstorctl.commands.invocation import Invocation
from cloudstorctl.commands.options import DryRun, Root, examples, with_options
from cloudstorctl.errors import ExitCode, RefusedError
from cloudstorctl.guard.names import KEY, PLUGIN

EPILOG = examples(
    "cloudstorctl guard uninstall --dry-run",
    "cloudstorctl guard uninstall",
)

_BY_HAND = (
    f'Take "{PLUGIN}" out of "{KEY}" in /etc/docker/daemon.json and send dockerd a SIGHUP; end the '
    "guard only then."
)


@with_options
def guard_uninstall(
    invocation: Invocation, *, dry_run: DryRun = False, root: Root = None
) -> ExitCode:
    """Have the engine of this node ask the guard no more, and take the guard away.

    In this order: an engine that asks a guard which is gone answers nothing. Of dockerd's
    configuration only the guard's name goes.
    """
    # As in guard_install.py.
    from cloudstorctl.commands.guard_setup import carry_out, setup_of  # noqa: PLC0415
    from cloudstorctl.guard.daemon_json import without_plugin  # noqa: PLC0415
    from cloudstorctl.guard.steps import Files, in_tree, uninstall_steps  # noqa: PLC0415

    world, console = invocation.world, invocation.console()
    setup = setup_of(world, root, _BY_HAND)
    if any(PLUGIN in word for word in setup.engine.words):
        raise RefusedError(
            f"dockerd is started with {PLUGIN} on its command line: take it from docker.service "
            "first ('systemctl edit docker.service'), and restart the engine"
        )
    after = Files(
        socket=None,
        service=None,
        daemon=without_plugin(setup.before.daemon, PLUGIN, str(setup.where.daemon)),
    )
    if setup.before == after:
        console.message("The guard is not installed here.")
        return ExitCode.DONE
    steps = uninstall_steps(setup.where, setup.before, after, setup.state)
    if setup.in_tree:
        steps = in_tree(steps, setup.where, enabled=False)
    carry_out(steps, setup, console, dry_run=dry_run)
    console.message("Nothing was changed." if dry_run else "The guard is gone.")
    return ExitCode.DONE
