#!/bin/sh
# Boots the machine's own systemd in namespaces, with retaind installed: namespaced.sh FOLDER SOURCE PYTHON PACKAGES CGROUP
# What it changes, it changes in overlays and in memory, which end with it.
set -eu
echo $$ > "$5/cgroup.procs"
# shellcheck disable=SC2016 # the inner shell expands these
exec unshare --mount --propagation private --pid --fork --kill-child --uts --ipc --net --cgroup sh -eu -c '
folder=$1 source=$2 python=$3 packages=$4
over() {
    mkdir -p "/run/over$1/upper" "/run/over$1/work"
    mount -t overlay overlay -o "lowerdir=$1,upperdir=/run/over$1/upper,workdir=/run/over$1/work" "$1"
}
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
for each in /etc /opt /usr/local; do over $each; done
mkdir -p /opt/retaind/bin /opt/retaind/source /opt/retaind/python /opt/retaind/packages
mount --bind "$source" /opt/retaind/source
mount --bind "$python" /opt/retaind/python
mount --bind "$packages" /opt/retaind/packages
cp "$folder/retaind" /opt/retaind/bin/retaind
"$source/deploy/systemd/install.sh" --units-only
cp -R "$folder/etc/." /etc/
mount -t tmpfs tmpfs /var/lib
mount --bind /proc/sys /proc/sys
mount -o remount,ro,bind /proc/sys
# Of the units that start by themselves, none: they would set up a machine.
for each in sysinit sockets; do mount -t tmpfs tmpfs /usr/lib/systemd/system/$each.target.wants; done
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir -p /run/systemd/system
echo prepared
container=retaind-test exec /lib/systemd/systemd --system --unit=idle.target --log-target=console --show-status=0
' namespaced "$1" "$2" "$3" "$4"
