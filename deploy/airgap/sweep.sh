#!/bin/sh
# Removes the control groups that compose's sandboxes left when they were killed, unless there are processes in them: then
# an installation runs beside what was tried. usage: sweep.sh      Needs root.
set -eu
for group in /sys/fs/cgroup/memory/darkroom /sys/fs/cgroup/pids/darkroom /sys/fs/cgroup/cpu/darkroom \
    /sys/fs/cgroup/cpuacct/darkroom /sys/fs/cgroup/darkroom.slice; do
    if [ -d "$group" ] && [ -z "$(find "$group" -name cgroup.procs -exec cat {} +)" ]; then
        find "$group" -depth -type d -exec rmdir {} +
    fi
done
