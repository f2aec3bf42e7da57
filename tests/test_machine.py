"""What the machine has, in containers and batch systems too, on control groups that are made up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.accounting import ELSEWHERE

from rnn_tutor import _machine

GIGABYTE = 10**9
MEMINFO = "MemTotal:       25000000 kB\nMemFree:        1000 kB\nMemAvailable:   20000000 kB\n"
V2_MOUNT = "30 23 0:26 {top} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
V1_MOUNT = "3{n} 23 0:2{n} {top} /sys/fs/cgroup/{name} rw,relatime - cgroup cgroup rw,{name}\n"
UNLIMITED = str(2**63 - 4096)  # what version 1 writes where there is no limit


def machine(folder, files, cgroup, mounts):
    """A folder that stands for `/`, with these control groups."""
    files = {f"sys/fs/cgroup/{name}": text for name, text in files.items()} | {
        "proc/meminfo": MEMINFO,
        "proc/self/cgroup": cgroup,
        "proc/self/mountinfo": mounts,
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def version_1(folder, files, own="/", top="/"):
    controllers = ("memory", "cpu,cpuacct")
    cgroup = "".join(f"{n}:{name}:{own}\n" for n, name in enumerate(controllers, 4)) + "0::/\n"
    mounts = (V1_MOUNT.format(n=n, top=top, name=name) for n, name in enumerate(controllers))
    return machine(folder, files, cgroup, "".join(mounts))


def version_2(folder, files, own="/", top="/"):
    return machine(folder, files, f"0::{own}\n", V2_MOUNT.format(top=top))


def limits_1(memory, quota, used="0", group=""):
    return {
        f"memory/{group}memory.limit_in_bytes": f"{memory}\n",
        f"memory/{group}memory.usage_in_bytes": f"{used}\n",
        f"cpu,cpuacct/{group}cpu.cfs_quota_us": f"{quota}\n",
        f"cpu,cpuacct/{group}cpu.cfs_period_us": "100000\n",
    }


def limits_2(memory, quota, used="0", group=""):
    return {
        f"{group}memory.max": f"{memory}\n",
        f"{group}memory.current": f"{used}\n",
        f"{group}cpu.max": f"{quota} 100000\n",
    }


@pytest.mark.parametrize(
    ("version", "limits", "unlimited"),
    [(version_1, limits_1, (UNLIMITED, "-1")), (version_2, limits_2, ("max", "max"))],
    ids=["v1", "v2"],
)
class TestLimits:
    def test_those_of_the_own_group(self, tmp_path, version, limits, unlimited):
        root = version(tmp_path, limits(GIGABYTE, 50000, used=GIGABYTE // 4))
        assert _machine.cores(root) == 0.5
        assert _machine.memory(root) == (GIGABYTE, GIGABYTE - GIGABYTE // 4)

    def test_none(self, tmp_path, version, limits, unlimited):
        root = version(tmp_path, limits(*unlimited))
        assert _machine.cores(root) == _machine.cores(tmp_path / "nothing")
        assert _machine.memory(root) == (25_000_000 * 1024, 20_000_000 * 1024)

    def test_a_limit_set_on_a_group_above(self, tmp_path, version, limits, unlimited):
        files = limits(*unlimited, group="jobs/job_7/step_0/")
        files |= limits(2 * GIGABYTE, 25000, used=GIGABYTE, group="jobs/job_7/")
        root = version(tmp_path, files, own="/jobs/job_7/step_0")
        assert _machine.cores(root) == 0.25
        assert _machine.memory(root) == (2 * GIGABYTE, GIGABYTE)

    def test_a_wider_limit_above_that_others_have_used_up(
        self, tmp_path, version, limits, unlimited
    ):
        files = limits(2 * GIGABYTE, 50000, used=0, group="mine/")
        files |= limits(4 * GIGABYTE, 100000, used=4 * GIGABYTE - 1000)
        root = version(tmp_path, files, own="/mine")
        assert _machine.memory(root) == (2 * GIGABYTE, 1000)
        assert _machine.cores(root) == 0.5

    def test_a_container_that_sees_its_group_as_the_top(self, tmp_path, version, limits, unlimited):
        root = version(tmp_path, limits(GIGABYTE, 50000), own="/docker/4f", top="/docker/4f")
        assert (_machine.cores(root), _machine.memory(root)[0]) == (0.5, GIGABYTE)

    def test_a_container_whose_path_is_another_ones(self, tmp_path, version, limits, unlimited):
        root = version(tmp_path, limits(GIGABYTE, 50000), own="/../4f", top="/")
        assert (_machine.cores(root), _machine.memory(root)[0]) == (0.5, GIGABYTE)

    def test_a_neighbours_limit_is_not_ours(self, tmp_path, version, limits, unlimited):
        files = limits(*unlimited, group="mine/") | limits(GIGABYTE, 50000, group="other/")
        root = version(tmp_path, files, own="/mine")
        assert _machine.memory(root)[0] == 25_000_000 * 1024
        assert _machine.cores(root) == _machine.cores(tmp_path / "nothing")

    def test_files_in_the_page_cache_are_not_in_the_way(self, tmp_path, version, limits, unlimited):
        files = limits(GIGABYTE, 50000, used=GIGABYTE)
        stat = "cache 0\ninactive_file 300000000\ntotal_inactive_file 300000000\n"
        files |= {"memory/memory.stat": stat, "memory.stat": stat}
        assert _machine.memory(version(tmp_path, files)) == (GIGABYTE, 300_000_000)


def test_the_limit_at_which_version_2_slows_a_process_down(tmp_path):
    files = limits_2("max", "max") | {"memory.high": "1000000000\n"}
    assert _machine.memory(version_2(tmp_path, files))[0] == GIGABYTE


def test_more_than_one_core_of_several(tmp_path):
    if _machine.cores() < 2:
        pytest.skip(f"{ELSEWHERE}needs two cores")
    assert _machine.cores(version_2(tmp_path, limits_2("max", 150000))) == 1.5


@pytest.mark.parametrize("text", ["", "max", "-1 x", "\xff", "0 0"])
def test_what_cannot_be_understood_is_no_limit(tmp_path, text):
    files = {"memory.max": text, "cpu.max": text, "memory.stat": text}
    root = version_2(tmp_path, files)
    assert _machine.memory(root)[0] == 25_000_000 * 1024
    assert _machine.cores(root) >= 1


def test_this_machine_answers():
    total, available = _machine.memory()
    assert _machine.cores() > 0
    assert total > 5e8
    assert available is None or 0 < available <= total


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_a_process_bound_to_one_core_has_one():
    code = "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
    code += "from rnn_tutor import _machine; print(_machine.cores() <= 1)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_a_real_group_of_this_machine(tmp_path):
    """In version 1 of cgroups, and as root; elsewhere the made-up ones must do."""
    group = Path(f"/sys/fs/cgroup/memory/rnn-tutor-test-{os.getpid()}")
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(GIGABYTE))
    except OSError:
        pytest.skip(f"{ELSEWHERE}no control group can be made")
    code = f"open('{group}/cgroup.procs', 'w').write('0')\n"
    code += "from rnn_tutor import _machine; print(*_machine.memory())"
    try:
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    finally:
        group.rmdir()
    total, available = map(int, done.stdout.split())
    assert GIGABYTE - 10_000 <= total <= GIGABYTE
    assert 0 < available < total
