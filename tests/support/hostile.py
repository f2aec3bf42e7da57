"""Machines on which little is allowed: another user's eyes, a locked home, a full disk."""

import contextlib
import os
import shutil
import subprocess

import pytest

from support.accounting import ELSEWHERE

STRANGER = 54321  # a user that the system knows nothing of
# May read everything, as files of a shared installation may be, and write nothing of others.
_DROP = (
    "setpriv",
    f"--reuid={STRANGER}",
    f"--regid={STRANGER}",
    "--clear-groups",
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
)


def as_stranger():
    """The words before a command that make it run as a user without a name; skips elsewhere."""
    if not hasattr(os, "getuid") or os.getuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip(f"{ELSEWHERE}only root can become an unknown user")
    if subprocess.run([*_DROP, "true"], capture_output=True).returncode:
        pytest.skip(f"{ELSEWHERE}nobody can become another user")
    return list(_DROP)


def give_away(folder):
    """Make a folder that belongs to the stranger."""
    folder.mkdir(parents=True, exist_ok=True)
    os.chown(folder, STRANGER, STRANGER)
    return folder


@contextlib.contextmanager
def full_disk(folder, first=None):
    """A folder on a disk of its own, on which files can be made and nothing be put in them.

    first: a function that is called in the folder while there is room.
    """
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=777", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip(f"{ELSEWHERE}no disk can be mounted")
    try:
        if first is not None:
            with contextlib.chdir(folder):
                first()
        with contextlib.suppress(OSError), (folder / "big").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
