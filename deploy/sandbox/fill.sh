#!/bin/sh
# Runs as root inside a Debian root with python3-venv, of the Dockerfile or of build-image.sh: installs exactly the
# packages of /build/requirements.lock into /opt/python and takes away what no program run there needs.
set -eu
python3 -m venv /opt/python
# Hashes are required, so what is installed is what was tried. Dependencies are all in the lock file.
/opt/python/bin/python3 -m pip install --quiet --no-cache-dir --disable-pip-version-check --no-deps --require-hashes \
    -r /build/requirements.lock
mkdir -p /opt/darkroom/fonts /opt/darkroom/python /box
chmod 1777 /tmp
# matplotlib's list of fonts; building it takes longer than most plots.
MPLCONFIGDIR=/opt/darkroom/fonts MPLBACKEND=Agg /opt/python/bin/python3 -c 'import matplotlib.font_manager'
/opt/python/bin/python3 -m pip uninstall --quiet --yes setuptools
/opt/python/bin/python3 -m pip uninstall --quiet --yes pip
printf 'root:x:0:0:root:/:/usr/sbin/nologin\nbox:x:1000:1000:box:/tmp:/usr/sbin/nologin\n' > /etc/passwd
printf 'root:x:0:\nbox:x:1000:\n' > /etc/group
rm -f /etc/shadow* /etc/gshadow* /etc/passwd- /etc/group-
rm -rf /usr/share/doc /usr/share/man /usr/share/info /usr/share/locale /usr/share/python-wheels /usr/include \
    /usr/lib/python3.*/ensurepip /usr/lib/python3.*/test /var/lib/apt /var/lib/dpkg /var/cache/* /var/log/* \
    /usr/bin/apt* /usr/bin/dpkg* /usr/lib/apt /usr/lib/dpkg /usr/bin/perl* /usr/share/perl* \
    /usr/lib/*-linux-gnu/perl* /usr/share/perl5 /usr/share/zoneinfo /root/.cache /root/.config
# Nobody becomes somebody else.
find / -xdev -type f -perm /6000 -exec chmod a-s {} +
