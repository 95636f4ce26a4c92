"""Keep one file tree per Debian suite, and an image of busybox, in a cache folder."""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.swarm.lab.apt_source import archive_address, proxy_environment
from tests.swarm.lab.command import PATH, LabError, run, together

if TYPE_CHECKING:
    from collections.abc import Iterable

CACHE_VARIABLE: Final = "CLOUDSTORCTL_LAB_CACHE"
DEFAULT_CACHE: Final = "/var/cache/cloudstorctl-lab"
KEYRING: Final = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SUITES: Final = ("bookworm", "trixie")
PACKAGES: Final = (
    "docker.io",
    "iptables",
    "iproute2",
    "ca-certificates",
    "python3",
    "openssh-server",
    "busybox-static",
)
COMPOSE_SUITE: Final = "trixie"
"""The one that has Docker Compose of today, a program that reads files and calls an engine."""
MORE_PACKAGES: Final = {COMPOSE_SUITE: ("docker-compose",)}
TOOLS: Final = {
    "debootstrap": "debootstrap",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "setsid": "util-linux",
    "ssh-keygen": "openssh-client",
    "openssl": "openssl",
    "docker": "docker.io (or docker-cli)",
}


def require_tools() -> None:
    """Refuse to start where something of the machine is missing.

    Raises:
        LabError: not root, or packages are missing; the message names them.
    """
    if os.geteuid() != 0:
        message = "the lab makes namespaces and mounts: run it as root"
        raise LabError(message)
    missing = {package for tool, package in TOOLS.items() if not shutil.which(tool, path=PATH)}
    if not KEYRING.is_file():
        missing.add("debian-archive-keyring")
    if missing:
        message = f"install these Debian packages first: {' '.join(sorted(missing))}"
        raise LabError(message)


def cache_folder() -> Path:
    """Give the folder that outlives the labs."""
    return Path(os.environ.get(CACHE_VARIABLE, DEFAULT_CACHE))


def packages_of(suite: str) -> tuple[str, ...]:
    """Name the packages that a suite's tree holds besides the smallest system."""
    return (*PACKAGES, *MORE_PACKAGES.get(suite, ()))


def tree_of(suite: str, cache: Path | None = None) -> Path:
    """Give the place of a suite's tree; another list of packages makes another tree."""
    mark = hashlib.sha256(" ".join(packages_of(suite)).encode()).hexdigest()[:8]
    return (cache or cache_folder()) / f"{suite}-{mark}"


def compose_program() -> Path:
    """Give Docker Compose as the docker CLI finds it among its plugins; it runs here too."""
    return tree_of(COMPOSE_SUITE) / "usr/libexec/docker/cli-plugins/docker-compose"


def ensure_trees(suites: Iterable[str] = SUITES) -> None:
    """Make the trees that are missing, side by side.

    Raises:
        LabError: a tree could not be made; the message ends with what debootstrap said.
    """
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        # Two labs that start at once share the cache. debootstrap inherits the lock, and keeps it
        # where this process is killed.
        fcntl.flock(lock, fcntl.LOCK_EX)
        os.set_inheritable(lock.fileno(), True)  # noqa: FBT003
        missing = [suite for suite in sorted(set(suites)) if not tree_of(suite, cache).is_dir()]
        if not missing:
            return
        archive = archive_address()
        proxies = proxy_environment()
        together(lambda suite: make_tree(suite, archive, proxies, cache), missing)


def make_tree(suite: str, archive: str, proxies: dict[str, str], cache: Path) -> None:
    """Run debootstrap beside the tree's place, and move the result there when it is whole."""
    for torn in cache.glob(f"{suite}.torn-*"):
        shutil.rmtree(torn)
    building = Path(tempfile.mkdtemp(prefix=f"{suite}.torn-", dir=cache))
    log = cache / f"{suite}.log"
    argv = [
        # What debootstrap mounts in the tree must not outlive it: the tree may be deleted.
        *("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child"),
        *("--mount-proc", "debootstrap"),
        "--variant=minbase",
        f"--keyring={KEYRING}",
        f"--include={','.join(packages_of(suite))}",
        suite,
        str(building),
        archive,
    ]
    env = {"PATH": PATH, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", **proxies}
    with log.open("wb") as output:
        done = subprocess.run(  # noqa: S603
            argv,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
            close_fds=False,
        )
    if done.returncode != 0:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
        message = f"debootstrap of {suite} failed (all of it in {log}):\n{last}"
        raise LabError(message)
    for package in (building / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()
    building.chmod(0o755)
    building.rename(tree_of(suite, cache))


def busybox_image(suite: str = SUITES[0]) -> bytes:
    """Give a tar of busybox with its commands linked, ready for ``docker import``."""
    program = tree_of(suite) / "bin/busybox"
    content = program.read_bytes()
    listed = run([program, "--list"])
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in ("bin", "dev", "etc", "proc", "root", "sys", "tmp"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        entry = tarfile.TarInfo("bin/busybox")
        entry.mode, entry.size = 0o755, len(content)
        tar.addfile(entry, io.BytesIO(content))
        for command in listed.split():
            if command != "busybox":
                entry = tarfile.TarInfo(f"bin/{command}")
                entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(entry)
    return buffer.getvalue()
