"""Workers and clients that are killed: every image once, and the result of an undisturbed job."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

import rnn_tutor as rt

pq = pytest.importorskip("pyarrow.parquet")
distributed = pytest.importorskip("distributed")
psutil = pytest.importorskip("psutil")
pytestmark = pytest.mark.full

N, CHUNK, DONE = 120, 10, 4  # 12 chunks, four of which are there when the blow falls


def small(shape):
    """Return a network that costs little: it is not the images' kinds that are tested."""
    rt.load_keras()
    import keras

    image = keras.Input(shape)
    return keras.Model(image, keras.layers.Dense(8, "tanh")(keras.layers.Flatten()(image)))


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """Images, a saved network that is hardly trained, and the tables of an undisturbed job."""
    root = tmp_path_factory.mktemp("job")
    folder = rt.load_images("shapes", limit=N, size=16).write(root / "mine")
    (folder / "circle" / "broken.jpg").write_bytes(b"\xff\xd8 no picture")
    settings = {"epochs": 1, "augmentation": "none", "encoder": small, "neighbours": False}
    clusterer = rt.RecurrentClusterer(3, random_state=0, verbose=False, **settings)
    model = clusterer.fit(rt.load_images(folder)).save(root / "model")
    found = rt.sort(folder, model, root / "undisturbed", chunk=CHUNK)
    assert found.images == N and len(found.sizes) > 1
    return folder, model, rows_of(root / "undisturbed")


@pytest.fixture
def client():
    """A client of two worker processes on this machine."""
    settings = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "threads_per_worker": 1}
    with (
        distributed.LocalCluster(2, processes=True, **settings) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def rows_of(out):
    return pq.read_table(Path(out, "chunks")).to_pylist()


def assert_as_undisturbed(job, out):
    rows, expected = rows_of(out), job[2]
    assert [row["path"] for row in rows] == [row["path"] for row in expected]
    for name in ("cluster", "name", "second_best", "problem"):
        assert [row[name] for row in rows] == [row[name] for row in expected], name
    for row, other in zip(rows, expected, strict=True):
        if row["problem"] is None:
            assert row["probability"] == pytest.approx(other["probability"], abs=1e-5)
    names = {path.name for path in Path(out, "chunks").iterdir()}
    assert names == {f"{k:06d}.parquet" for k in range(13)}  # and no half file


def change_writing(wrapper, *arguments):
    """Have this process write its tables by way of a wrapper."""
    from rnn_tutor.clusters import sort_chunks

    write = sort_chunks.atomic_write
    sort_chunks.atomic_write = lambda path, content: wrapper(write, path, content, *arguments)


def die_while_writing(write, path, content):
    """Wait for four chunks of the other worker, and die over the fifth."""
    while len(list(path.parent.glob("*.parquet"))) < DONE:
        time.sleep(0.01)
    path.with_name(f".{path.name}.half.part").write_bytes(content[:99])
    os.kill(os.getpid(), signal.SIGKILL)


def wait_after_four(write, path, content, go):
    while len(list(path.parent.glob("*.parquet"))) >= DONE and not os.path.exists(go):
        time.sleep(0.01)
    write(path, content)


def workers_of(client):
    return dict(client.run(os.getpid))


def test_a_worker_that_is_killed(job, client, tmp_path):
    before = workers_of(client)
    doomed = next(iter(before))
    client.run(change_writing, die_while_writing, workers=[doomed])
    found = rt.sort(*job[:2], tmp_path / "out", chunk=CHUNK, client=client)
    assert before[doomed] not in workers_of(client).values()  # it did die
    assert found.images == N
    assert_as_undisturbed(job, tmp_path / "out")


def test_a_client_that_is_killed(job, client, tmp_path):
    go, out = tmp_path / "go", tmp_path / "out"
    client.run(change_writing, wait_after_four, str(go))
    script = f"""
        import rnn_tutor as rt
        address = {client.scheduler.address!r}
        rt.sort({str(job[0])!r}, {str(job[1])!r}, {str(out)!r}, chunk={CHUNK}, workers=address)
    """
    own = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)])
    while len(list((out / "chunks").glob("*.parquet"))) < DONE and own.poll() is None:
        time.sleep(0.05)
    assert own.poll() is None
    addresses = listening([own.pid, os.getpid(), *workers_of(client).values()])
    assert addresses == {"127.0.0.1"}
    own.kill()
    own.wait()
    assert DONE <= len(list((out / "chunks").glob("*.parquet"))) < 12
    go.touch()
    rt.sort(*job[:2], out, client=client)
    assert_as_undisturbed(job, out)


def listening(pids):
    """Return the addresses at which these processes listen."""
    found = (c for pid in pids for c in psutil.Process(pid).net_connections("inet"))
    return {c.laddr.ip for c in found if c.status == psutil.CONN_LISTEN}
