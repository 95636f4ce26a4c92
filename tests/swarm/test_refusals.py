"""What engines refuse, and in which words: the same ones whether they are real or embedded."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from tests.swarm.lab.command import LabError, wait_until
from tests.swarm.lab.records import ALIAS, IMAGE
from tests.swarm.scene import TARGET, container, mount, running_service, volume

if TYPE_CHECKING:
    from tests.swarm.swarm import Lab

ON_EACH_RELEASE: Final = pytest.mark.parametrize("on", ["n1", "n2"], ids=["20.10", "26.1"])
FOUND_BUT_DISABLED: Final = (
    f"error looking up volume plugin {ALIAS}: plugin {ALIAS} found but disabled"
)
WHILE_CHECKING: Final = (
    f'error while checking if volume "data" exists in driver "{ALIAS}": {FOUND_BUT_DISABLED}'
)
RPC: Final = "rpc error: code ="
NOT_A_MANAGER: Final = (
    "This node is not a swarm manager. Worker nodes can't be used to view or modify cluster state. "
    "Please run this command on a manager node or promote the current node to a manager."
)
EXPANDING: Final = f"{RPC} InvalidArgument desc = expanding mounts failed: expanding mount source"
NO_FIELD: Final = (
    "can't evaluate field Nope in type struct { ID string; Name string; Labels map[string]string }"
)


def refused(lab: Lab, on: str, words: str) -> str:
    """Run a command that fails; give what was said, without identifiers and the program's name."""
    with pytest.raises(LabError) as caught:
        lab.docker(on, *words.split("~"))
    _, _, said = str(caught.value).partition("exit ")
    _, _, said = said.partition(": ")
    # The program's own advice is left out: it differs with its version.
    said = said.partition("\n\n")[0].partition("\nError: failed to start")[0]
    # The embedded managers do not tell the place inside a template.
    said = re.sub(r'(?<=expansion:)\S* (executing "expansion"[^:]*: )?', " ", said)
    said = re.sub(r"\b[0-9a-z]{64}\b|\b[0-9a-z]{25}\b", "<id>", said)
    return said.removeprefix("docker: ").removeprefix("Error response from daemon: ")


def check(lab: Lab, on: str, table: dict[str, str | tuple[str, str]]) -> None:
    """See that each command is refused in the words of its release."""
    release = 1 if on == "n2" else 0
    wrong = []
    for words, told in table.items():
        said = refused(lab, on, words)
        expected = told if isinstance(told, str) else told[release]
        if said != expected:
            wrong.append(f"{words}\n  said      {said}\n  expected  {expected}")
    assert not wrong, "\n".join(wrong)


@ON_EACH_RELEASE
def test_of_volumes(lab: Lab, on: str) -> None:
    volume(lab, "data", on=on)
    container(lab, on, "run", "--detach", "--name", "db", "--mount", mount("data"))
    lab.node(on).plugin().bend(remove="error")
    volume(lab, "stuck", on=on)
    bad_name = (
        'create a/b: "a/b" includes invalid characters for a local volume name, only '
        '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use '
        "absolute path"
    )
    check(
        lab,
        on,
        {
            "volume~rm~data": "remove data: volume is in use - [<id>]",
            "volume~rm~--force~data": "remove data: volume is in use - [<id>]",
            "volume~rm~nothing": "get nothing: no such volume",
            "volume~inspect~nothing": "get nothing: no such volume",
            "volume~rm~stuck": "remove stuck: Remove: backend failure",
            "volume~create~data": f"create data: driver '{ALIAS}' already has volume 'data': "
            "volume name must be unique",
            f"volume~create~--driver~{ALIAS}~../up": "create ../up: invalid volume name '../up'",
            "volume~create~a/b": bad_name,
            "volume~ls~--filter~no=1": ("Invalid filter 'no'", "invalid filter 'no'"),
        },
    )


@ON_EACH_RELEASE
def test_of_containers(lab: Lab, on: str) -> None:
    container(lab, on, "run", "--detach", "--name", "db")
    container(lab, on, "create", "--name", "made")
    check(
        lab,
        on,
        {
            "rm~db": (
                (
                    "You cannot remove a running container <id>. Stop the container before "
                    "attempting removal or force remove"
                ),
                (
                    'cannot remove container "/db": container is running: stop the container '
                    "before removing or force remove"
                ),
            ),
            "rm~nothing": "No such container: nothing",
            "stop~nothing": "No such container: nothing",
            "kill~made": (
                "Cannot kill container: made: Container <id> is not running",
                "cannot kill container: made: container <id> is not running",
            ),
            "unpause~db": "Container <id> is not paused",
            f"create~--name~db~{IMAGE}~true": (
                'Conflict. The container name "/db" is already in use by container "<id>". You '
                "have to remove (or rename) that container to be able to reuse that name."
            ),
            "create~--pull~never~nothing:1": "No such image: nothing:1",
            "ps~--filter~no=1": ("Invalid filter 'no'", "invalid filter 'no'"),
        },
    )
    lab.docker(on, "pause", "db")
    check(lab, on, {"pause~db": "Container <id> is already paused"})
    lab.docker(on, "unpause", "db")


@ON_EACH_RELEASE
def test_of_a_driver_that_fails(lab: Lab, on: str) -> None:
    volume(lab, "data", on=on)
    driver = lab.node(on).plugin()
    driver.bend(mount="error", create="error")
    check(
        lab,
        on,
        {
            f"run~--detach~--volume~data:{TARGET}~{IMAGE}~true": "error while mounting volume "
            "'': Mount: backend failure",
            f"volume~create~--driver~{ALIAS}~new": "create new: Create: backend failure",
            f"create~--mount~{mount('new')}~{IMAGE}~true": "create new: Create: backend failure",
        },
    )
    driver.bend(mount=None, create=None, get="error")
    check(lab, on, {"volume~inspect~data": "get data: no such volume"})


@ON_EACH_RELEASE
def test_of_plugins(lab: Lab, on: str) -> None:
    volume(lab, "data", on=on)
    container(lab, on, "create", "--name", "db", "--mount", mount("data"))
    check(
        lab,
        on,
        {
            f"plugin~disable~{ALIAS}": f"plugin {ALIAS} is in use",
            f"plugin~rm~{ALIAS}": f"plugin {ALIAS} is in use",
            f"plugin~enable~{ALIAS}": f"plugin already enabled: plugin {ALIAS} is enabled",
            f"plugin~set~{ALIAS}~DEBUG=0": "cannot set on an active plugin, disable plugin before "
            "setting",
            "plugin~disable~nothing": 'plugin "nothing" not found',
            "plugin~inspect~nothing": 'plugin "nothing" not found',
        },
    )
    lab.node(on).plugin().disable()
    check(
        lab,
        on,
        {
            f"plugin~disable~{ALIAS}": f"plugin {ALIAS} is in use",
            f"plugin~set~{ALIAS}~NO=1": 'setting "NO" not found in the plugin configuration',
            f"volume~create~--driver~{ALIAS}~new": f"create new: {FOUND_BUT_DISABLED}",
            "volume~rm~data": f"get data: {WHILE_CHECKING}",
            "volume~rm~--force~data": f"get data: {WHILE_CHECKING}",
            "start~db": f"error while mounting volume '': get data: {WHILE_CHECKING}",
            f"create~--volume~data:{TARGET}~{IMAGE}~true": "create data: found reference to volume "
            f"'data' in driver '{ALIAS}', but got an error while checking the driver: "
            f"{WHILE_CHECKING}: volume name must be unique",
        },
    )


@ON_EACH_RELEASE
def test_of_an_unused_plugin(lab: Lab, on: str) -> None:
    lab.docker(on, "plugin", "disable", ALIAS)
    again = f"plugin is already disabled: plugin {ALIAS} found but disabled"
    check(lab, on, {f"plugin~disable~{ALIAS}": again})


def test_of_managers(lab: Lab) -> None:
    running_service(lab, "web", "data")
    create = "service~create~--detach~--no-resolve-image"
    ends = f"{IMAGE}~true"
    check(
        lab,
        "n1",
        {
            f"{create}~--name~web~{ends}": f"{RPC} AlreadyExists desc = name conflicts with an "
            "existing object: service web already exists",
            f"{create}~--name~a.b~{ends}": f"{RPC} InvalidArgument desc = name must be valid as a "
            "DNS name component",
            f"{create}~--constraint~node.id~{ends}": f"{RPC} Unknown desc = constraint expected "
            "one operator from ==, !=",
            f"{create}~--env~A={{{{.Nope}}}}~{ends}": f"{RPC} InvalidArgument desc = expanding env "
            'failed: expanding env "A={{.Nope}}": template: expansion: '
            "can't evaluate field Nope in type *template.Context",
            f"{create}~--mount~{mount('{{.Service.Nope}}')}~{ends}": f"{EXPANDING} "
            f'"{{{{.Service.Nope}}}}": template: expansion: {NO_FIELD}',
            f"{create}~--mount~{mount('{{.Service')}~{ends}": f'{EXPANDING} "{{{{.Service": '
            "template: expansion: unclosed action",
            "service~rm~nothing": "service nothing not found",
            "service~update~nothing": "service nothing not found",
            "service~rollback~web": f"{RPC} FailedPrecondition desc = service <id> does not have a "
            "previous spec",
            "node~rm~n2": f"{RPC} FailedPrecondition desc = node <id> is not down and can't be "
            "removed",
            "node~rm~n1": f"{RPC} FailedPrecondition desc = node <id> is a cluster manager and is "
            "a member of the raft cluster. It must be demoted to worker before removal",
            "node~demote~n1": f"{RPC} FailedPrecondition desc = attempting to demote the last "
            "manager of the swarm",
            "node~update~--availability~no~n2": 'invalid Availability: "no"',
            "node~inspect~nothing": "node nothing not found",
        },
    )


@pytest.mark.parametrize("on", ["n2", "n3"], ids=["26.1", "20.10"])
def test_of_workers(lab: Lab, on: str) -> None:
    commands = ("node~ls", "service~ls", "service~ps~web", "service~rm~web")
    check(lab, on, dict.fromkeys(commands, NOT_A_MANAGER))


def test_of_a_manager_without_a_quorum(lab: Lab) -> None:
    lab.promote("n2")
    volume(lab, "data")
    lab.node("n2").kill()
    lab.node("n1").restart()
    wait_until(
        lambda: "does not have a leader" in lab.node("n1").ask("/info")["Swarm"]["Error"],
        60,
        "n1 finds no leader",
    )
    said = (
        f"{RPC} Unknown desc = The swarm does not have a leader. It's possible that too few "
        "managers are online. Make sure more than half of the managers are online."
    )
    check(lab, "n1", dict.fromkeys(("node~ls", "service~ls", "service~rm~web"), said))
    # What is the engine's own goes on.
    assert lab.docker("n1", "volume", "ls", "--quiet") == "data"
