"""What this machine has, asked of Linux, macOS and Windows.

A container or a batch system may give a process less than the machine has. On Linux its control
groups say how much.
"""

import os
import re
import sys
from pathlib import Path, PurePosixPath

ROOT = Path("/")


def cores(root=ROOT) -> float:
    """Return the processor cores that this process may use, such as 2, or 0.5 in a container.

    Args:
        root: Folder with `proc` and `sys` in it, a Path. Default: that of the machine.
    """
    try:
        from joblib import cpu_count  # knows which cores a process is bound to
    except ImportError:  # the doctor says what is missing
        from os import cpu_count
    quotas = [_quota(group) for group in control_groups(root)]
    return min([cpu_count() or 1, *(quota for quota in quotas if quota)])


def memory(root=ROOT) -> tuple[int | None, int | None]:
    """Return the bytes of memory in all, and those available now; each None where unknown.

    What a container or a batch system allows this process counts as all there is.

    Args:
        root: Folder with `proc` and `sys` in it, a Path. Default: that of the machine.
    """
    if sys.platform == "win32":
        return _windows_memory()
    said = dict(re.findall(r"^(\w+): +(\d+) kB", _text(root / "proc/meminfo"), re.MULTILINE))
    total, available = (
        int(said[name]) * 1024 if name in said else None for name in ("MemTotal", "MemAvailable")
    )
    if total is None:
        try:
            total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        except (ValueError, OSError):
            return None, None
    installed = total
    for group in control_groups(root):
        limit = _memory_limit(group)
        if limit is None or limit >= installed:  # version 1 writes 2**63 where there is no limit
            continue
        total = min(total, limit)
        room = max(0, limit - _memory_in_use(group))
        available = room if available is None else min(available, room)
    return total, available


def held() -> int:
    """Return the bytes of memory that this process holds now."""
    import psutil

    return psutil.Process().memory_info().rss


def control_groups(root=ROOT) -> list[Path]:
    """Return the folders of the control groups (cgroups) that hold this process.

    The limits of its own groups apply, and so do those of all groups above them. In version 1 each
    controller has a tree of its own, in version 2 one tree serves all. Empty outside Linux.
    """
    trees = []
    for line in _text(root / "proc/self/mountinfo").splitlines():
        place, _, system = line.partition(" - ")
        kind, _, options = [*system.split(), "", "", ""][:3]
        if kind in ("cgroup", "cgroup2"):
            controllers = {""} if kind == "cgroup2" else set(options.split(","))
            top, folder = place.split()[3:5]
            trees.append((controllers, PurePosixPath(top), root / folder.lstrip("/")))
    groups = []
    for line in _text(root / "proc/self/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        own = PurePosixPath(path)
        for mounted, top, folder in trees:
            if mounted.isdisjoint(controllers.split(",")):
                continue
            # In a container the tree that is mounted often begins at the container's own group.
            inside = own.is_relative_to(top) and ".." not in own.parts
            group = folder / own.relative_to(top) if inside else folder
            groups += [place for place in (group, *group.parents) if place.is_relative_to(folder)]
    return groups


def _quota(group):
    """Return the cores that a group allows; None where it sets no limit."""
    quota, period = [*_text(group / "cpu.max").split(), "", ""][:2]
    if not quota:
        quota = _text(group / "cpu.cfs_quota_us").strip()
        period = _text(group / "cpu.cfs_period_us").strip()
    known = quota.isdigit() and period.isdigit() and int(period) > 0
    return int(quota) / int(period) if known else None


def _memory_limit(group):
    names = ("memory.max", "memory.high", "memory.limit_in_bytes")
    return min(filter(None, (_number(group / name) for name in names)), default=None)


def _memory_in_use(group):
    """Return the bytes in use, without the page cache that the kernel drops when it needs room."""
    used = _number(group / "memory.current") or _number(group / "memory.usage_in_bytes") or 0
    said = dict(re.findall(r"^(\w+) (\d+)$", _text(group / "memory.stat"), re.MULTILINE))
    return used - int(said.get("total_inactive_file", said.get("inactive_file", 0)))


def _windows_memory():
    import ctypes

    class Status(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
            (name, ctypes.c_ulonglong)
            for name in ("total", "free", "page", "free_page", "virtual", "free_virtual", "more")
        ]

    status = Status(length=ctypes.sizeof(Status))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return status.total, status.free


def _text(path):
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _number(path):
    text = _text(path).strip()
    return int(text) if text.isdigit() else None
