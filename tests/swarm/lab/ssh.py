"""Give nodes a real sshd, and the lab a user whose ssh knows them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.swarm.lab.command import run
from tests.swarm.lab.network import inside

if TYPE_CHECKING:
    from tests.swarm.lab.machine import Machine
    from tests.swarm.lab.records import LabSpec

USER: Final = "docker"
HOMES: Final = ("friend", "stranger")


def make_keys(spec: LabSpec) -> None:
    """Make host keys, a client key, and two homes: one knows the hosts, the other none."""
    folder = spec.folder / "ssh"
    folder.mkdir(exist_ok=True)
    known = []
    for node in spec.nodes:
        key = folder / f"host-{node.name}"
        make_key(key, node.name)
        kind, blob, _ = key.with_suffix(".pub").read_text().split(maxsplit=2)
        known.append(f"{spec.address(node.name)},{node.name} {kind} {blob}\n")
    make_key(folder / "client", "lab")
    (folder / "authorized_keys").write_text((folder / "client.pub").read_text())
    (folder / "known_hosts").write_text("".join(known))
    for home in HOMES:
        place = folder / home / ".ssh"
        place.mkdir(parents=True, mode=0o700)
        shutil.copy(folder / "client", place / "id_ed25519")
        entry = f"root:x:0:0:root:{place.parent}:/bin/sh\n"
        others = Path("/etc/passwd").read_text().splitlines(keepends=True)
        (folder / f"passwd-{home}").write_text(
            entry + "".join(line for line in others if not line.startswith("root:"))
        )
    shutil.copy(folder / "known_hosts", folder / HOMES[0] / ".ssh" / "known_hosts")


def make_key(path: Path, comment: str) -> None:
    """Make a key pair without a pass phrase."""
    run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])


def start_sshd(machine: Machine) -> None:
    """Start sshd on port 22 of the node: by key, as root or as docker."""
    if machine.pids("sshd"):
        return
    keys = machine.lab.folder / "ssh"
    # The account has a password that nothing matches: sshd refuses a locked one.
    script = (
        f"id {USER} >/dev/null 2>&1 || useradd --gid docker --create-home -s /bin/sh {USER}\n"
        f"usermod -p '*' {USER}\n"
        "install -d -m 755 /etc/ssh/lab /run/sshd\n"
        f"install -m 600 '{keys}/host-{machine.spec.name}' /etc/ssh/lab/host\n"
        f"install -m 644 '{keys}/authorized_keys' /etc/ssh/lab/authorized_keys\n"
    )
    machine.run(["sh", "-ec", script])
    options = {
        "ListenAddress": f"{machine.lab.address(machine.spec.name)}:22",
        "HostKey": "/etc/ssh/lab/host",
        "AuthorizedKeysFile": "/etc/ssh/lab/authorized_keys",
        "PermitRootLogin": "prohibit-password",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "UsePAM": "no",
        "PidFile": "/run/sshd.pid",
    }
    words = [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    machine.spawn(["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", *words], "sshd.log")


def inside_as(spec: LabSpec, home: str = HOMES[0]) -> list[str]:
    """Give the words that put a command into the lab's network, with an ssh that knows the hosts.

    ssh takes its home folder from /etc/passwd and not from HOME: a private mount shows it a
    passwd where root's home is the lab's. ``home`` "stranger" knows no host.
    """
    passwd = spec.folder / "ssh" / f"passwd-{home}"
    enter = f"mount --bind '{passwd}' /etc/passwd; exec \"$@\""
    private = ["unshare", "--mount", "--propagation", "private", "--"]
    return [*inside(spec), *private, "sh", "-ec", enter, "sh"]
