#!/bin/sh
# Makes the control groups that the sandbox's runs get their limits from, and gives them to its user. As root, once
# after each start of the machine; docker-compose.yml does it by itself.
# usage: groups.sh FOLDER USER v1|v2      FOLDER: where the machine's groups are, /sys/fs/cgroup
set -eu
folder=${1:?usage: groups.sh FOLDER USER v1|v2}
user=${2:?usage: groups.sh FOLDER USER v1|v2}
wanted=${3:?usage: groups.sh FOLDER USER v1|v2}

found=v2
[ ! -d "$folder/memory" ] || [ -e "$folder/cgroup.controllers" ] || found=v1
if [ "$found" != "$wanted" ]; then
    echo "This machine has cgroup $found: set SANDBOX_CGROUPS=$found in .env." >&2
    exit 1
fi

if [ "$found" = v1 ]; then
    # Where 'cpu' and 'cpuacct' are one folder, once for both.
    for controller in memory pids cpu cpuacct; do
        group=$folder/$controller/darkroom
        mkdir -p "$group"
        chown "$user:$user" "$group" "$group/tasks" "$group/cgroup.procs"
    done
else
    group=$folder/darkroom.slice
    echo '+memory +pids +cpu' > "$folder/cgroup.subtree_control"
    mkdir -p "$group"
    echo '+memory +pids +cpu' > "$group/cgroup.subtree_control"
    # What the kernel calls delegation: these and nothing else.
    chown "$user:$user" "$group" "$group/cgroup.procs" "$group/cgroup.threads" "$group/cgroup.subtree_control"
fi
