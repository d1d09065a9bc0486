# protects: later runs from poisoned libraries, start-up files, compiled files and caches
# expect: status=ok exit=0
# stdout: holds

import errno
import json
import os
import site
import sys
import sysconfig

REFUSED = (errno.EROFS, errno.EACCES, errno.EPERM)
packages, standard = sysconfig.get_path("purelib"), os.path.dirname(os.__file__)
plain = json.decoder.__file__
targets = [
    f"{packages}/sitecustomize.py",
    f"{packages}/usercustomize.py",
    f"{packages}/evil.pth",
    f"{packages}/numpy/__init__.py",
    f"{packages}/numpy.py",
    f"{standard}/sitecustomize.py",
    f"{standard}/os.py",
    json.decoder.__cached__ or plain,
    f"{os.path.dirname(plain)}/__pycache__/evil.pyc",
    f"{sys.prefix}/pyvenv.cfg",
    sys.executable,
    "/opt/darkroom/fonts/fontlist.json",
    "/opt/darkroom/python/runner/main.py",
    "/etc/ld.so.preload",
    "/etc/ld.so.cache",
    "/etc/nsswitch.conf",
    "/etc/profile",
    "/box/numpy.py",
    "/box/sitecustomize.py",
]
targets += [f"{folder}/poison.py" for folder in sys.path if os.path.isdir(folder) and not folder.startswith("/tmp")]
for path in targets:
    for flags in (os.O_WRONLY | os.O_CREAT, os.O_RDWR, os.O_WRONLY | os.O_TRUNC):
        try:
            os.open(path, flags)
            raise SystemExit(f"opened {path} for writing")
        except OSError as error:
            assert error.errno in (*REFUSED, errno.ENOENT, errno.ENOTDIR, errno.ETXTBSY), (path, error)
# The folder of one's own that Python would load from is in memory, and not looked at.
assert not site.ENABLE_USER_SITE
assert site.getusersitepackages() not in sys.path
print("holds")
