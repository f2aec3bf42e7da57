"""Fetching a full data set: from its mirrors, from a folder, or from a server in the class.

pooch downloads. What is added here is that a download which broke off goes on where it stood, that
the next mirror is tried, that only a file with the published checksum gets its name, and that two
programs do not write into one file.
"""

import errno
import hashlib
import os
import re
import shutil
import time
from contextlib import contextmanager
from pathlib import Path

import requests
from pooch import HTTPDownloader
from tqdm.auto import tqdm

from rnn_tutor._errors import TutorError, check_above_0, check_known
from rnn_tutor.images.full_sets import FULL_SETS, folder_of

try:
    import fcntl
except ImportError:  # on Windows
    import msvcrt

TRIES = 3  # of one address, one after the other, in which nothing more comes
LONGEST_WAIT = 30  # seconds between two tries, also where a server asks for more
_BLOCK = 2**16  # bytes that are written at a time
_TAKEN = (errno.EAGAIN, errno.EACCES)  # what a lock says that another program holds


def fetch(name, source=None, *, timeout=30.0, wait=1.0):
    """Fetch a full data set, so that `rt.load_images(name)` loads it.

    It prints size, licence and folder before it begins. What is there already is not fetched again.
    After an interruption, of the network or of this program, the next call goes on from there.
    While another program fetches the same set, it waits.

    Args:
        name: A key of `FULL_SETS`: "mnist", "fashion_mnist", "kmnist", "usps", "cifar10" or
            "flowers".
        source: A folder that has the files, or an address of one, in place of the mirrors; or the
            folder or address above it, whose sub-folder is called like the set. Default: None.
        timeout: Seconds without a byte, after which a download counts as broken off. Default 30.
        wait: Seconds before the second try; before the third twice as many. Default 1.

    Returns:
        The folder with the files, a Path.

    Raises:
        TutorError: There is no such set, the disk has too little room, or no source gives a file
            with the published checksum. Files that did arrive stay.

    Example:
        >>> try:
        ...     fetch("mnist", source="no/such/folder")
        ... except rt.TutorError as error:  # doctest: +ELLIPSIS
        ...     print(error)
        MNIST, 70,000 handwritten digits...
        There is no folder no/such/folder...
    """
    check_known("full data set", name, FULL_SETS)
    check_above_0("timeout", timeout)
    full, folder = FULL_SETS[name], folder_of(name)
    print(f"{full.title}.\n{full.megabytes:.1f} MB. Licence: {full.licence}.\nFolder: {folder}")
    places = _places(name, source)
    missing = _missing(full, folder)
    if missing:
        _check_room(folder, full.megabytes)
        with _alone(folder):
            for file in _missing(full, folder):  # another program may just have brought it
                _fetch_file(file, folder, places, timeout, wait)
    print(f'{"It is there" if missing else "It was there already"}: rt.load_images("{name}")')
    return folder


def _missing(full, folder):
    return [file for file in full.files if not file.is_whole(folder / file.name)]


@contextmanager
def _alone(folder):
    """Wait until no other program fetches into a folder, and keep others waiting.

    The system takes a lock from a program that ends, however it ends; so the file may stay.
    """
    path = folder.with_name(f".{folder.name}.lock")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as problem:
        raise TutorError(f"{path} cannot be written: {problem.strerror}. {_OTHER}") from None
    try:
        waits = False
        while not _lock(descriptor):
            if not waits:
                print("Another program is fetching it. This one waits.")
            waits = True
            time.sleep(0.2)
        yield
    finally:
        os.close(descriptor)


def _lock(descriptor):
    """Lock an open file until it is closed; return whether no other program had locked it."""
    try:
        if os.name == "nt":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        # Some network disks know no locks: then nobody waits.
        return problem.errno not in _TAKEN
    return True


def _places(name, source):
    """Return the folders and addresses that may have the files, each ending in "/"."""
    if source is None:
        return FULL_SETS[name].mirrors
    source = os.fspath(source)
    if not _is_address(source):
        source = os.path.expanduser(source)
        if not os.path.isdir(source):
            raise TutorError(
                f"There is no folder {source}, looked for in {os.getcwd()}. Give a folder that has "
                f"the files of {name}, or an address that begins with http:// or https://."
            )
    source = source.rstrip("/")
    return f"{source}/{name}/", f"{source}/"


def _is_address(source):
    return re.match(r"https?://", source, re.IGNORECASE) is not None


def _check_room(folder, megabytes):
    """Make the folder, and raise TutorError where it cannot hold so much."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free / 1e6
    except OSError as problem:
        raise TutorError(f"{folder} cannot be made: {problem.strerror}. {_OTHER}") from None
    if free < 1.2 * megabytes:
        raise TutorError(
            f"{folder} needs {1.2 * megabytes:.0f} MB, and {free:.0f} MB are free. Make room, or "
            f"choose another disk. {_OTHER}"
        )


_OTHER = "The environment variable RNN_TUTOR_DATA names another folder."


def _fetch_file(file, folder, places, timeout, wait):
    """Bring one file from the first place that has it; raise TutorError with what each said."""
    target, problems = folder / file.name, []
    for place in places:
        address = place + file.name
        # Each address has its own: mirrors pack differently, and halves of two make no whole.
        part = folder / f".{file.name}.{hashlib.sha256(address.encode()).hexdigest()[:8]}.part"
        bring = _from_address if _is_address(address) else _from_folder
        try:
            problem = bring(address, file, part, timeout, wait)
            if not problem:
                os.replace(part, target)
                for other in folder.glob(f".{file.name}.*.part"):
                    other.unlink(missing_ok=True)
                return
        except OSError as error:  # of the disk: those of the network are told by `bring`
            raise TutorError(
                f"{file.name} cannot be written into {folder}: {error.strerror}. What came so far "
                f"stays; make room and fetch again. {_OTHER}"
            ) from None
        problems.append(f"{address}: {problem}")
    raise TutorError(
        f"{file.name} could not be fetched. {'. '.join(problems)}. Fetch again later: what came so "
        "far stays. Or take the files from elsewhere, with `--from FOLDER` or `--from ADDRESS`."
    )


def _from_folder(path, file, part, timeout, wait):
    """Copy a file, packed or not, into `part`; return what is wrong, or ""."""
    found = [p for p in (path, path.removesuffix(".gz")) if os.path.isfile(p)]
    if not found:
        return "there is no such file"
    for path in found:
        if file.is_whole(path):
            shutil.copyfile(path, part)
            if file.is_whole(part):
                return ""
    return "its content differs from what was published"


def _from_address(address, file, part, timeout, wait):
    """Download a file into `part`, going on where it breaks off; return what is wrong, or "".

    It gives up after `TRIES` that brought nothing more.
    """
    tries, most = 0, 0
    while True:
        begun, pause = _size(part), wait * 2**tries
        try:
            _download(address, part, timeout)
        except requests.HTTPError as error:
            status = error.response.status_code
            if status == 416:  # nothing stands behind what is there already
                problem = ""
            elif status == 429 or status >= 500:
                problem = f"the server answered {status} {error.response.reason}"
                after = error.response.headers.get("Retry-After", "")
                pause = max(pause, int(after)) if after.isdigit() else pause
            else:
                return f"the server answered {status} {error.response.reason}"
        except requests.Timeout:
            problem = f"nothing came for {timeout:g} seconds"
        except requests.RequestException as error:
            problem = f"the connection broke off ({type(error).__name__})"
        else:
            problem = ""
        if not problem:
            if file.is_whole(part):
                return ""
            part.unlink(missing_ok=True)
            problem = "its content differs from what was published"
            if not begun:
                return problem
        tries = 0 if _size(part) > most else tries + 1
        most = max(most, _size(part))
        if tries == TRIES:
            return problem
        time.sleep(min(pause, LONGEST_WAIT))


def _download(address, part, timeout):
    """Append to `part` what is still missing.

    Raises:
        requests.RequestException: It broke off, or the server refused.
    """
    with open(part, "ab") as file:
        begun = file.tell()

        def look_at_answer(response, **_):
            if response.status_code == 206:
                if response.headers.get("Content-Range", "").startswith(f"bytes {begun}-"):
                    return
                file.truncate(0)
                raise requests.exceptions.InvalidHeader("another part than was asked for")
            if response.status_code == 200:  # this server sends all of it, or nothing
                file.truncate(0)

        # What is packed stays packed; a checksum is taken of what was asked for.
        headers = {"Accept-Encoding": "identity"}
        if begun:
            print(f"{Path(address).name}: going on after {begun / 1e6:.1f} MB")
            headers["Range"] = f"bytes={begun}-"
        bar = {"desc": Path(address).name, "unit": "B", "unit_scale": True, "leave": False}
        with tqdm(total=1, delay=1, **bar) as bar:  # pooch knows better when it has the answer
            HTTPDownloader(
                progressbar=bar,
                chunk_size=_BLOCK,
                timeout=timeout,
                headers=headers,
                hooks={"response": look_at_answer},
            )(address, file, None)


def _size(path):
    return path.stat().st_size if path.exists() else 0
