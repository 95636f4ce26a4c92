#!/bin/sh
# Become the first process of one node: mount its root, change into it, and reap.
# Started by machine.py in namespaces of its own (mount, uts, ipc, pid, cgroup, net), with
# LAB (the lab's folder), NODE (the node's folder), NAME (hostname), TREE and ADDRESS set.
# Standard input holds one line a cgroup hierarchy: its folder's name and mount options.
set -eu
root=$NODE/root

# /proc is still the machine's here, and so is the process id in it.
read -r pid _ </proc/self/stat

mount -t overlay overlay -o "lowerdir=$TREE,upperdir=$NODE/upper,workdir=$NODE/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mkdir -p "$root/run/sshd"

if test "$CGROUP_VERSION" = 2; then
	mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
	for controller in $(cat "$root/sys/fs/cgroup/cgroup.controllers"); do
		echo "+$controller" >"$root/sys/fs/cgroup/cgroup.subtree_control" || true
	done
else
	mount -t tmpfs -o mode=755 tmpfs "$root/sys/fs/cgroup"
	while read -r hierarchy options; do
		mkdir "$root/sys/fs/cgroup/$hierarchy"
		mount -t cgroup -o "$options" cgroup "$root/sys/fs/cgroup/$hierarchy"
	done
fi

# One path for the lab's folder inside and outside: the engine's socket is a file in it.
mkdir -p "$root$LAB" "$root/var/lib/docker" "$root/var/lib/containerd"
mount --bind "$LAB" "$root$LAB"
mount --bind "$NODE/docker" "$root/var/lib/docker"
mount --bind "$NODE/containerd" "$root/var/lib/containerd"

echo "$NAME" >/proc/sys/kernel/hostname
echo "$NAME" >"$root/etc/hostname"
printf '127.0.0.1 localhost\n%s %s\n' "$ADDRESS" "$NAME" >"$root/etc/hosts"
# A worker tries to pull an image first: let the look-up fail at once.
rm -f "$root/etc/resolv.conf"
printf 'nameserver 127.0.0.1\noptions attempts:1 timeout:1\n' >"$root/etc/resolv.conf"

cd "$root"
mkdir -p .machine
pivot_root . .machine
umount -l /.machine
echo "$pid" >"$NODE/init.new"
mv "$NODE/init.new" "$NODE/init.pid"
exec /bin/sh -c 'exec </dev/null; sleep infinity & wait'
