#!/bin/sh
# Gets qemu and, into $VM_DIR, a Debian kernel and an initramfs for run.sh. Does nothing when all is there.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
vm=${VM_DIR:?VM_DIR must name a folder}
package=${VM_KERNEL:-linux-image-amd64}

say() { printf 'vm: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

for program in apt-get dpkg-deb; do
    command -v "$program" >/dev/null || fail "$program is missing: this needs a Debian system"
done

if ! command -v qemu-system-x86_64 >/dev/null; then
    [ "$(id -u)" = 0 ] || fail "qemu is missing; as root: apt-get install --no-install-recommends qemu-system-x86"
    say "installing qemu-system-x86"
    apt-get update -q >&2
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends qemu-system-x86 >&2
fi

wanted="$package $(cat "$here/init.sh" "$here/fetch.sh" | cksum)"
[ "$(cat "$vm/made-from" 2>/dev/null || :)" != "$wanted" ] || exit 0
rm -f "$vm/made-from" "$vm/accel"

draft=$(mktemp -d "$vm/draft.XXXXXX")
trap 'rm -rf "$draft"' EXIT
trap 'exit 130' INT TERM HUP

# The newest kernel is a dependency of an empty package.
depends() { apt-cache depends "$package" | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1; }
image=$(depends)
if [ -z "$image" ] && [ "$(id -u)" = 0 ]; then
    apt-get update -q >&2
    image=$(depends)
fi
image=${image:-$package}

get() {
    # Downloading needs no root; package lists that are too old do.
    (cd "$draft" && apt-get download -q "$1" >&2) && return
    [ "$(id -u)" = 0 ] || fail "$1 cannot be downloaded; as root: apt-get update"
    apt-get update -q >&2
    (cd "$draft" && apt-get download -q "$1" >&2)
}
say "getting $image and busybox-static"
get "$image"
get busybox-static

tree=$draft/tree
mkdir -p "$tree/bin" "$tree/dev" "$tree/proc" "$tree/sys"
dpkg-deb --fsys-tarfile "$draft"/busybox-static_*.deb | tar -x -C "$tree" ./bin/busybox
dpkg-deb --fsys-tarfile "$draft"/linux-image-*.deb | tar -x -C "$draft" --wildcards './boot/vmlinuz-*' \
    './lib/modules/*/kernel/drivers/virtio/virtio*' './lib/modules/*/kernel/drivers/char/virtio_console.ko*' \
    './lib/modules/*/kernel/drivers/char/hw_random/virtio-rng.ko*' './lib/modules/*/kernel/fs/9p/*' \
    './lib/modules/*/kernel/fs/netfs/*' './lib/modules/*/kernel/fs/fscache/*' \
    './lib/modules/*/kernel/net/9p/*' './lib/modules/*/kernel/fs/overlayfs/*'
kernel=$(ls "$draft/lib/modules")
mv "$draft/lib" "$tree/lib"
"$tree/bin/busybox" depmod -b "$tree" "$kernel"
cp "$here/init.sh" "$tree/init"
chmod 755 "$tree/init"
(cd "$tree" && find . | bin/busybox cpio -o -H newc 2>/dev/null) > "$draft/initramfs"

mv "$draft"/boot/vmlinuz-* "$vm/vmlinuz"
mv "$draft/initramfs" "$vm/initramfs"
echo "$kernel" > "$vm/kernel"
echo "$wanted" > "$vm/made-from"
