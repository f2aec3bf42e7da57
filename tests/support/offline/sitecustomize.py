"""With this folder on PYTHONPATH, a Python process talks to its own machine only.

pytest-socket watches the process that runs the tests; kernels and servers are processes of their
own, and Python runs this file when they start. It adds an audit hook, which nothing can take off
again. Sockets that C libraries open themselves are not seen.
"""

import errno
import importlib.machinery
import importlib.util
import os
import sys

_WITH_ADDRESS = {"socket.connect", "socket.sendto", "socket.sendmsg"}
_WITH_NAME = {"socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"}


def is_loopback(host):
    """Whether a host is this machine: its loopback addresses, `localhost`, or no name at all."""
    if isinstance(host, (bytes, bytearray)):
        host = host.decode("ascii", "replace")
    if host in (None, "", "localhost"):
        return True
    import ipaddress  # here: most processes never need it

    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _host(event, arguments):
    """The host an event is about; None where it names none (a Unix socket, a connected one)."""
    if event in _WITH_NAME:
        return arguments[0]
    address = arguments[1] if event in _WITH_ADDRESS else None
    named = isinstance(address, tuple) and isinstance(address[0], (str, bytes))
    return address[0] if named else None


def _refuse_other_machines(event, arguments):
    if event.startswith("socket.") and not is_loopback(host := _host(event, arguments)):
        message = f"the tests run without a network, and {host!r} is another machine"
        raise ConnectionRefusedError(errno.ECONNREFUSED, message)


def _run_the_one_behind():
    """Python runs one sitecustomize only: whichever this one hides still has its say."""
    here = os.path.dirname(os.path.abspath(__file__))
    others = [entry for entry in sys.path if os.path.abspath(entry) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec and spec.loader:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if __name__ == "sitecustomize":
    # A bar comes after two seconds: whether stored outputs hold one would depend on the machine.
    os.environ.setdefault("TQDM_DISABLE", "1")
    sys.addaudithook(_refuse_other_machines)
    _run_the_one_behind()
