"""Kernels talk to their own machine only."""

import subprocess
import sys

import nbformat
import pytest
from store_notebooks import execute
from support.offline.sitecustomize import is_loopback

REFUSED = {
    "an address": 'socket.create_connection(("192.0.2.1", 80), timeout=5)',
    "IPv6": 'socket.socket(socket.AF_INET6, socket.SOCK_STREAM).connect(("2001:db8::1", 80))',
    "a name": 'socket.getaddrinfo("example.org", 80)',
    "UDP": 'socket.socket(type=socket.SOCK_DGRAM).sendto(b"x", ("192.0.2.1", 9))',
    "urllib": 'import urllib.request; urllib.request.urlopen("http://192.0.2.1/", timeout=5)',
}
LOOPBACK = """
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(("localhost", server.getsockname()[1]), timeout=5)
print("connected")
"""
ATTEMPT = """
try:
    {}
except OSError as error:
    print("without a network" in str(error))
"""


def test_kernel_reaches_loopback_and_nothing_else(tmp_path):
    sources = ["import socket", *map(ATTEMPT.format, REFUSED.values()), LOOPBACK]
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, sources)))
    assert execute(notebook, tmp_path).complaints == []
    printed = ["".join(output.text for output in cell.outputs) for cell in notebook.cells]
    assert printed == ["", *["True\n"] * len(REFUSED), "connected\n"]


def test_every_process_that_the_tests_start_has_the_hook():
    code = 'import socket; socket.create_connection(("192.0.2.1", 80), timeout=5)'
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "without a network" in done.stderr


@pytest.mark.parametrize(
    "host", [None, "", "localhost", b"localhost", "127.0.0.1", "127.9.9.9", "::1", "::1%lo"]
)
def test_loopback(host):
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "0.0.0.0", "example.org", "127.example.org", "fe80::1", b"example.org"]
)
def test_elsewhere(host):
    assert not is_loopback(host)
