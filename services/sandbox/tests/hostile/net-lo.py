# protects: the promise that there is no network also between a run's own processes
# expect: status=ok exit=0
# stdout: holds

import errno
import http.server
import socket

for make in (
    lambda: socket.create_server(("127.0.0.1", 0)),
    lambda: socket.create_server(("", 0)),
    lambda: http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler),
):
    try:
        make()
        raise SystemExit("a server listens")
    except OSError as error:
        assert error.errno == errno.EPERM, error
try:
    # Needs a socket to ask the kernel.
    print(socket.if_nameindex())
    raise SystemExit("interfaces are listed")
except OSError as error:
    assert error.errno == errno.EPERM, error
print("holds")
