#!/bin/busybox sh
# First process of the machine, in the initramfs: puts a throw-away layer over the host's files and goes there.
set -eu
PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev

for module in virtio_pci 9pnet_virtio 9p overlay virtio_console virtio-rng; do
    modprobe "$module"
done

options=trans=virtio,version=9p2000.L,msize=512000
mkdir /host /layer /new
# Nobody writes here, so what was read once need not be asked for again.
mount -t 9p -o "$options,cache=loose,ro" root /host
mount -t tmpfs -o mode=755,size=60% layer /layer
mkdir /layer/changes /layer/work
mount -t overlay -o lowerdir=/host,upperdir=/layer/changes,workdir=/layer/work overlay /new

mount -t tmpfs -o mode=755 run /new/run
mkdir -m 700 /new/run/vm /new/run/vm/share
cp /bin/busybox /new/run/vm/busybox
mount -t 9p -o "$options" share /new/run/vm/share

umount /sys
umount /proc
exec switch_root -c /dev/console /new /run/vm/share/guest
