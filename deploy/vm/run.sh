#!/bin/sh
# Runs one command in a small virtual machine that has cgroup v2, on this machine's own files.
# See README.md beside this file. Needs root once, to install qemu when it is missing.
set -eu

usage() {
    cat <<'TEXT'
usage: run.sh [--user] [--cgroup own|root|locked] [--before SCRIPT] -- COMMAND [ARGUMENT...]

  --user           run as the ordinary user 1000 instead of root
  --cgroup own     (default) a control group of the command's own; with --user it is delegated to the user
  --cgroup root    the root of the hierarchy
  --cgroup locked  a group that belongs to root: not delegated
  --before SCRIPT  shell text that root runs in the machine first, in the group ($GROUP is its folder)

Output and exit code are the command's. 125: the machine could not be had or ended without an exit code.
VM_DIR      folder for downloads and images (default: target/vm of the repository)
VM_MEMORY   memory of the machine (default: 5G)
VM_TIMEOUT  most seconds for one run, boot included (default: 900)
VM_ACCEL    kvm or tcg; default: kvm when it works, else tcg
VM_CONSOLE  file that keeps the machine's kernel messages
VM_KERNEL   Debian package of the kernel (default: linux-image-amd64)
TEXT
}

say() { printf 'vm: %s\n' "$*" >&2; }
fail() { say "$*"; exit 125; }

as_user=no
cgroup=own
before=
while [ $# -gt 0 ]; do
    case $1 in
        --user) as_user=yes ;;
        --cgroup) [ $# -ge 2 ] || { usage >&2; exit 2; }; cgroup=$2; shift ;;
        --before) [ $# -ge 2 ] || { usage >&2; exit 2; }; before=$2; shift ;;
        --help | -h) usage; exit 0 ;;
        --) shift; break ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done
case $cgroup in own | root | locked) ;; *) usage >&2; exit 2 ;; esac
[ $# -gt 0 ] || { usage >&2; exit 2; }

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
repository=$(CDPATH='' cd -- "$here/../.." && pwd)
vm=${VM_DIR:-$repository/target/vm}
seconds=${VM_TIMEOUT:-900}
mkdir -p "$vm"
vm=$(CDPATH='' cd -- "$vm" && pwd)

VM_DIR=$vm "$here/fetch.sh" || fail "the parts of the machine could not be had"

# What one run shares with its machine: the command goes in, the exit code comes out.
run=$(mktemp -d "$vm/run.XXXXXX")
qemu=
# shellcheck disable=SC2317 # called by the trap
clean() {
    [ -z "$qemu" ] || kill "$qemu" 2>/dev/null || :
    rm -rf "$run"
}
trap clean EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# A word as one shell word, whatever it holds.
quoted() { printf "'"; printf '%s' "$1" | sed "s/'/'\\\\''/g"; printf "' "; }

mkdir "$run/share"
{
    printf 'as_user=%s\ncgroup=%s\n' "$as_user" "$cgroup"
    printf 'folder=%s\n' "$(quoted "$PWD")"
    printf 'repository=%s\n' "$(quoted "$repository")"
} > "$run/share/settings"
printf '%s\n' "$before" > "$run/share/before"
{
    printf 'exec '
    for word in "$@"; do quoted "$word"; done
    printf '\n'
} > "$run/share/command"
cp "$here/guest.sh" "$run/share/guest"
chmod 755 "$run/share/guest"

# Starts the machine with one accelerator and waits for its end.
boot() {
    case $1 in
        kvm) accelerator="-accel kvm -cpu host" ;;
        tcg) accelerator="-accel tcg,thread=multi -cpu max" ;;
        *) fail "VM_ACCEL must be kvm or tcg, not $1" ;;
    esac
    rm -f "$run/share/started" "$run/share/status"
    # shellcheck disable=SC2086 # the accelerator is several words
    timeout -k 5 "$seconds" qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none \
        -machine q35 $accelerator -smp 2 -m "${VM_MEMORY:-5G}" \
        -kernel "$vm/vmlinuz" -initrd "$vm/initramfs" \
        -append "console=ttyS0 quiet panic=-1 cgroup_no_v1=all mitigations=off" \
        -serial "file:$run/console" \
        -add-fd fd=3,set=1 -chardev file,id=out,append=on,path=/dev/fdset/1 \
        -add-fd fd=4,set=2 -chardev file,id=err,append=on,path=/dev/fdset/2 \
        -device virtio-serial-pci \
        -device virtserialport,chardev=out,nr=1,name=out -device virtserialport,chardev=err,nr=2,name=err \
        -device virtio-rng-pci \
        -fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap \
        -device virtio-9p-pci,fsdev=root,mount_tag=root \
        -fsdev local,id=share,path="$run/share",security_model=none \
        -device virtio-9p-pci,fsdev=share,mount_tag=share \
        3>&1 4>&2 </dev/null >"$run/qemu" 2>&1 &
    qemu=$!
    if [ "$1" = kvm ] && [ -z "${VM_ACCEL:-}" ]; then
        # A machine that does not start in this time never will: nested KVM can be there and not work.
        waited=0
        while [ ! -e "$run/share/started" ] && kill -0 "$qemu" 2>/dev/null && [ "$waited" -lt 30 ]; do
            sleep 1
            waited=$((waited + 1))
        done
        [ -e "$run/share/started" ] || kill "$qemu" 2>/dev/null || :
    fi
    ended=0
    wait "$qemu" || ended=$?
    qemu=
}

# What worked last time is kept, so that a KVM that does not work is tried only once.
accel=${VM_ACCEL:-$(cat "$vm/accel" 2>/dev/null || :)}
if [ -z "$accel" ]; then
    accel=tcg
    if [ -w /dev/kvm ]; then
        boot kvm
        if [ -e "$run/share/started" ]; then
            accel=kvm
        else
            say "KVM does not work here: $(tail -n 1 "$run/qemu" 2>/dev/null)"
        fi
    fi
    echo "$accel" > "$vm/accel"
fi
[ -e "$run/share/started" ] || boot "$accel"

[ -z "${VM_CONSOLE:-}" ] || cp "$run/console" "$VM_CONSOLE"
if [ ! -s "$run/share/status" ]; then
    tail -n 30 "$run/console" "$run/qemu" >&2 || :
    [ "$ended" -ne 124 ] || fail "stopped after $seconds seconds ($accel)"
    fail "the machine ended without an exit code (qemu: $ended, $accel)"
fi
say "$accel, kernel $(cat "$vm/kernel"), started after $(cat "$run/share/started") s"
exit "$(cat "$run/share/status")"
