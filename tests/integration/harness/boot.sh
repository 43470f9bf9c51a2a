#!/bin/sh
# Boots systemd on a copy of this machine's root that writes to memory, with the programs of BUILD and the units of TOP
# installed. Nothing of it is left behind: its mounts and processes are in namespaces of their own.
#
#   boot.sh DIRECTORY    empty; becomes the new root in a namespace of ours alone
#
# BUILD, TOP and CGROUP, a directory of a cgroup2 file system for its processes, are variables.
set -eu

if [ "${1-}" != inside ]; then
    echo 0 >"$CGROUP/cgroup.procs"
    exec unshare --mount --cgroup --uts --ipc --net --pid --fork --kill-child sh "$0" inside "$1"
fi

space=$2 root=$2/root
mount --make-rprivate /
mount -t tmpfs none "$space"
mkdir "$space/upper" "$space/work" "$root"
mount -t overlay -o "lowerdir=/,upperdir=$space/upper,workdir=$space/work" overlay "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount --rbind /dev "$root/dev"
mount -t tmpfs none "$root/run"
mount -t tmpfs none "$root/tmp"
for console in "$root/dev/console" "$root/dev/kmsg"; do
    [ ! -e "$console" ] || mount --bind /dev/null "$console"
done

# As the packages install them.
install -D -t "$root/usr/sbin" "$BUILD/taskmasterd" "$BUILD/taskqueued" "$BUILD/taskmaster-http"
install -D -t "$root/usr/bin" "$BUILD/taskmaster"
install -D -t "$root/usr/libexec/taskmaster" "$BUILD/taskmaster-worker"
install -D -t "$root/usr/lib/taskmaster/modules" "$BUILD"/modules/*.so
install -D -m 644 -t "$root/etc/taskmaster" "$TOP"/conf/*.conf
install -D -m 644 -t "$root/etc/systemd/system" "$TOP"/conf/systemd/*
systemd-sysusers --root="$root" "$TOP"/conf/sysusers.d/*.conf >/dev/null 2>&1

# The machine's own services stay out, and those of its hardware.
rm -rf "$root"/etc/systemd/system/*.wants
cat >"$root/etc/systemd/system/taskmaster-test.target" <<END
[Unit]
Wants=taskmasterd.socket taskqueued.socket taskmaster-http.socket
Wants=taskmasterd.service taskqueued.service taskmaster-http.service
END
for unit in systemd-udevd.service systemd-udev-trigger.service systemd-modules-load.service systemd-sysctl.service \
    systemd-remount-fs.service systemd-tmpfiles-setup.service systemd-tmpfiles-setup-dev.service \
    dev-hugepages.mount dev-mqueue.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount \
    sys-fs-fuse-connections.mount systemd-binfmt.service proc-sys-fs-binfmt_misc.automount local-fs.target; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
exec env -i container=other PATH="$PATH" chroot "$root" /bin/sh -c \
    'ip link set lo up; exec /lib/systemd/systemd --system --unit=taskmaster-test.target'
