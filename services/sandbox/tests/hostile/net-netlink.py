# protects: no netlink socket of any protocol: routes, audit, device events, netfilter
# expect: status=ok exit=0
# stdout: holds

import errno
import socket

for protocol in range(24):
    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
        try:
            socket.socket(socket.AF_NETLINK, kind, protocol)
            raise SystemExit(f"made a netlink socket of protocol {protocol}")
        except OSError as error:
            assert error.errno == errno.EPERM, (protocol, error)
print("holds")
