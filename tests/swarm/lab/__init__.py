"""Build, drive and tear down a real swarm of Docker engines on one Linux machine.

Needs root, Debian's packages ``debootstrap debian-archive-keyring iproute2 openssh-client openssl
util-linux`` and a ``docker`` CLI (``docker.io`` or ``docker-cli``). The engines, iptables, sshd,
busybox and the driver's Python come with the trees that the lab makes.
"""
