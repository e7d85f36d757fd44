#!/bin/sh
# The first program of a guest. Its root is the host's `/`, read-only, and so is what it sees of /proc. It lays memory
# over that root, mounts what a kernel of its own shows, and goes on as init.sh. LAB_FOLDER and LAB_MODULES come from the
# kernel's command line. It is dash (busybox would start itself again by /proc/self/exe, which is the host's: linux.uml).
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -n -t tmpfs -o mode=755 lab-root /tmp
cd /tmp
mkdir upper work root
insmod "$LAB_MODULES/$(uname -r)/kernel/fs/overlayfs/overlay.ko"
mount -n -t overlay -o lowerdir=/,upperdir=upper,workdir=work lab-root root
cd root
mount -n -t proc proc proc
mount -n -t sysfs sysfs sys
mount -n -t devtmpfs devtmpfs dev
mkdir -p dev/pts dev/shm lab lab-host-root lab-tree
mount -n -t devpts -o mode=620,ptmxmode=666 devpts dev/pts
here=$(dirname "$0")
tree=${here%/tests/lab}
mount -n --bind ".$tree" lab-tree
for place in dev/shm run tmp; do mount -n -t tmpfs -o mode=1777 tmpfs "$place"; done
if [ ! -e ".$here" ]; then # a working tree below one of these
    mkdir -p ".$tree"
    mount -n --bind lab-tree ".$tree"
fi
umount lab-tree
mount -n -t hostfs -o "$LAB_FOLDER/share" lab lab
pivot_root . lab-host-root
exec chroot . /bin/sh "$here/init.sh"
