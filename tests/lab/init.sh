#!/bin/sh
# Process 1 of a guest: what it has no systemd for, and then the agent. Settings come from /lab/settings.
set -eu
. /lab/settings
export PATH HOME=/root LC_ALL=C.UTF-8
umount -l /lab-host-root
for pair in fd:/proc/self/fd stdin:/proc/self/fd/0 stdout:/proc/self/fd/1 stderr:/proc/self/fd/2; do
    ln -sfn "${pair#*:}" "/dev/${pair%%:*}"
done
ln -sfn /proc/self/mounts /etc/mtab
mkdir -p /run/lock /lib/modules
ln -sfn "$LAB_MODULES/$(uname -r)" /lib/modules/
busybox ifconfig lo up
busybox hostname lab
if [ -n "$ADDRESS" ]; then busybox ifconfig vec0 "$ADDRESS" netmask 255.255.255.0 up; fi
/lib/systemd/systemd-udevd --daemon --resolve-names=never
udevadm trigger --subsystem-match=block
for module in $MODULES; do modprobe "$module"; done
udevadm settle --timeout=10
# The agent is no process 1: a kernel whose first process ends panics.
here=$(dirname "$0")
setsid /bin/sh "$here/agent.sh" </dev/tty1 >/dev/tty1 2>/dev/console &
while :; do wait || sleep 1; sleep 0.5; done
