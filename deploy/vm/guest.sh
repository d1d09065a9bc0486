#!/bin/sh
# First process of the machine once the host's files are its root: makes it look like a system with cgroup v2,
# runs the command, leaves its exit code, and turns the machine off.
set -eu
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH
busybox=/run/vm/busybox
share=/run/vm/share
groups=/sys/fs/cgroup
user=1000

# Without this the kernel would panic, and whoever waits would not learn why.
trap '"$busybox" poweroff -f' EXIT

mount -t proc proc /proc
mount -t sysfs sys /sys
mountpoint -q /dev || mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 shm /dev/shm
chmod 666 /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty
ln -sfn /proc/self/fd /dev/fd
cut -d' ' -f1 /proc/uptime > "$share/started"

# As systemd mounts it.
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 "$groups"
echo '+cpu +memory +pids' > "$groups/cgroup.subtree_control"
"$busybox" ip link set lo up
"$busybox" hostname darkroom-vm

# What run.sh was asked for; these are replaced.
as_user=no cgroup=own folder=/ repository=/
# shellcheck source=/dev/null
. "$share/settings"

# A group as a service manager gives one: controllers on for it by its parent.
if [ "$cgroup" = root ]; then
    GROUP=$groups
else
    mkdir "$groups/machine.slice"
    echo '+cpu +memory +pids' > "$groups/machine.slice/cgroup.subtree_control"
    GROUP=$groups/machine.slice/command.scope
    mkdir "$GROUP"
    if [ "$as_user" = yes ] && [ "$cgroup" = own ]; then
        chown $user:$user "$GROUP" "$GROUP/cgroup.procs" "$GROUP/cgroup.threads" "$GROUP/cgroup.subtree_control"
    fi
fi
export GROUP

# Folders above a Python that lives in root's home are opened to the user: in the throw-away layer only.
open_way_to() {
    way=$(readlink -f "$1" || :)
    [ -n "$way" ] || return 0
    while way=$(dirname "$way") && [ "$way" != / ]; do
        [ -n "$(find "$way" -maxdepth 0 -perm -001)" ] || { chmod a+x "$way"; echo "vm: opened $way to the user" >&2; }
    done
}

HOME=/root
if [ "$as_user" = yes ]; then
    HOME=/home/vm
    mkdir -p "$HOME" "/run/user/$user"
    getent passwd $user >/dev/null || echo "vm:x:$user:$user::$HOME:/bin/sh" >> /etc/passwd
    getent group $user >/dev/null || echo "vm:x:$user:" >> /etc/group
    chown $user:$user "$HOME" "/run/user/$user"
    chmod 700 "/run/user/$user"
    XDG_RUNTIME_DIR=/run/user/$user
    export XDG_RUNTIME_DIR
fi
export HOME

# The command writes to pipes, as it would elsewhere; these carry what it says out of the machine.
mkfifo -m 666 /run/vm/out /run/vm/err
cat /run/vm/out > "$(echo /dev/vport*p1)" &
out=$!
cat /run/vm/err > "$(echo /dev/vport*p2)" &
err=$!
exec 3> /run/vm/out 4> /run/vm/err

if [ "$as_user" = yes ]; then
    open_way_to "$repository/target/python/bin/python3" 2>&4
    open_way_to "$repository/target/tools/bin/python3" 2>&4
fi

# The user may write where the command starts, in the throw-away layer only.
[ "$as_user" = no ] || [ "$folder" = / ] || chown $user:$user "$folder"
# Where cargo's integration tests write; what tests of another user left there is hidden.
[ ! -d "$repository/target/tmp" ] || mount -t tmpfs -o mode=1777 tests "$repository/target/tmp"

cp "$share/command" /run/vm/command
status=0
(
    # Before anything else: moving in needs rights on the group the process leaves, and --before may take
    # even root's away.
    [ "$cgroup" = root ] || sh -c 'echo $PPID' > "$GROUP/cgroup.procs"
    exec </dev/null >&3 2>&4 3>&- 4>&-
    sh -e "$share/before" >&2 || { echo "vm: the script of --before failed" >&2; exit 125; }
    cd "$folder"
    text=$(cat /run/vm/command)
    [ "$as_user" = no ] || exec setpriv --reuid=$user --regid=$user --clear-groups --inh-caps=-all sh -c "$text"
    exec sh -c "$text"
) &
wait $! || status=$?

# What the command left running may hold its pipes open: wait for the rest, but not for ever.
exec 3>&- 4>&-
(sleep 3; kill $out $err 2>/dev/null) &
wait $out $err || :
echo "$status" > "$share/status"
sync
