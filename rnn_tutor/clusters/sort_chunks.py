"""Sort any number of images in chunks: `rt.sort`, and `rnn-tutor sort` with `--chunk`.

Each chunk becomes a table of its own, a Parquet file that is there whole or not at all. A chunk
that is there is not sorted again. So a job that broke off goes on where it stopped, on this machine
or on the workers of a Dask cluster.
"""

import functools
import hashlib
import io
import json
import os
import shutil
import threading
import time
import warnings
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from rnn_tutor import _machine
from rnn_tutor._errors import TutorError, check_known, check_whole
from rnn_tutor._text import atomic_write, format_bytes, format_count, format_duration
from rnn_tutor.clusters import dask_workers
from rnn_tutor.clusters.copies import folder_names, place_of, put_file
from rnn_tutor.clusters.export import MODEL, NAMES, check_disk, check_outside
from rnn_tutor.images import files
from rnn_tutor.images.decoding import Levels
from rnn_tutor.images.stream import ENTRY_BYTES, ImageStream, common_levels, open_entries

CHUNK = 4_000  # images, unless it is said: from 2,048 on the network runs as a compiled graph
JOB, CHUNKS = "job.json", "chunks"
ROW_BYTES = 40  # of a table beside the name of the file, at the most
SHOWN = 5  # problems that the summary names
SOON = 5  # seconds of which nothing is said
MANY = 5_000  # files, from which some are tried first, to see how long all take
WARM, TRIED = 64, 256  # files that are sorted for that: before the clock runs, and by the clock
WORKING = 100_000_000  # bytes that a chunk takes beside what is held before it (measured)
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Job:
    """What it takes to sort a chunk; workers receive it as it is.

    Attributes:
        model: Absolute path of a saved `RecurrentClusterer`, str.
        sha256: Of its files, str.
        shape: (height, width, channels) at which images are read.
        levels: The `decoding.Levels` that images of more than 8 bits share, by "i" and "f".
        out: Absolute path of the folder of results, str.
        copies: "copy", "link" or None.
        by_path: Whether copies go by the whole path, as of a list of files from anywhere.
    """

    model: str
    sha256: str
    shape: tuple[int, int, int]
    levels: dict
    out: str
    copies: str | None
    by_path: bool


@dataclass(frozen=True)
class Sorted:
    """What `rt.sort` wrote.

    Attributes:
        folder: A Path, with a folder `chunks` of Parquet files in it, which any program reads as
            one table. Its columns are path, cluster, name, probability, second_best,
            second_probability and problem.
        images: How many images have a cluster, int.
        sizes: `{name: images}`, the largest first.
        problems: `{path: reason}` of files that could not be read; their cluster is -1.
        not_copied: `{path: reason}` of files that could not be copied or linked.

    Example:
        >>> Sorted(Path("sorted"), 3, {"cats": 2, "dogs": 1}, {"a.txt": "empty (0 bytes)"}, {})
        sorted: 3 images in 2 clusters
          cats: 2
          dogs: 1
        1 file could not be read, and has the cluster -1:
          a.txt: empty (0 bytes)
        The tables are in sorted/chunks.
    """

    folder: Path
    images: int
    sizes: dict[str, int]
    problems: dict[str, str]
    not_copied: dict[str, str]

    def __repr__(self):
        clusters = format_count(len(self.sizes), "cluster")
        lines = [f"{self.folder}: {format_count(self.images, 'image')} in {clusters}"]
        lines += [f"  {name}: {n:,}" for name, n in self.sizes.items()]
        for found, what in (
            (self.problems, "could not be read, and has the cluster -1"),
            (self.not_copied, "could not be copied"),
        ):
            if found:
                what = what if len(found) == 1 else what.replace("has", "have")
                lines.append(f"{format_count(len(found), 'file')} {what}:")
                lines += [f"  {path}: {reason}" for path, reason in islice(found.items(), SHOWN)]
                lines += ["  ..."] * (len(found) > SHOWN)
        return "\n".join([*lines, f"The tables are in {(self.folder / CHUNKS).as_posix()}."])


def sort(source, model, out, *, chunk=None, copies=None, client=None, workers=None):
    """Sort any number of images by a trained network, in chunks that survive an interruption.

    Call it again with the same arguments after any interruption: it goes on with the chunks that
    are missing. Every file of the source has a row in the tables. One that cannot be read has the
    cluster -1, and the column `problem` says why. Nothing in the source is changed. Before it
    begins, it says how much disk and memory it needs, and of 5,000 files or more about how long
    they take on this machine; workers say so once each has done a chunk.

    It runs on this machine, and on the workers of a Dask cluster where `client` or `workers` names
    one. Each worker then needs this package, and sees the images, the model and `out` under the
    same paths. Nothing here listens on the network; a cluster listens where you started it.

    Args:
        source: What `load_images` takes of files: a folder, a zip, a pattern, a list of paths; or
            an `ImageStream`.
        model: Path of a `RecurrentClusterer` that was saved, of images of one size. A file
            `names.json` in it names the clusters.
        out: Path of a folder for the results: new, empty, or of the same job before.
        chunk: Images in a chunk, int. Default: 4,000, or as the job began.
        copies: "copy" or "link" also puts the files into a folder for each name, below the
            sub-folders that they came from. Default None: tables alone.
        client: A `dask.distributed.Client`, or None. Default None.
        workers: The address of a Dask scheduler, such as "tcp://10.0.0.5:8786", in place of
            `client`. Default None.

    Returns:
        A `Sorted`.

    Raises:
        TutorError: `out` holds another job or something else, the images or the model cannot be
            read, the disk has no room, no worker is there, or pyarrow or Dask is not installed.

    Example:
        >>> import contextlib, io
        >>> folder = rt.load_images("shapes", limit=100, size=16).write("mine")
        >>> clusterer = rt.RecurrentClusterer(2, epochs=1, random_state=0, verbose=False)
        >>> model = clusterer.fit(rt.load_images(folder)).save("model")
        >>> with contextlib.redirect_stdout(io.StringIO()):
        ...     found = rt.sort(folder, model, "sorted", chunk=50)
        >>> found.images, len(list(Path("sorted/chunks").iterdir()))
        (100, 2)
    """
    check_known("way to copy", copies or "none", ("copy", "link", "none"))
    if chunk is not None:
        chunk = check_whole("chunk", chunk)
    folder = Path(out)
    model, out = (Path(os.path.abspath(Path(path).expanduser())) for path in (model, out))
    with ExitStack() as stack:
        if workers is not None:
            client = stack.enter_context(dask_workers.connect(client, workers))
        things, origin = _listed(source, stack)
        check_start(out, origin)
        digest = _model_sha256(model)
        clusterer, _ = _loaded(str(model), digest)
        reader = clusterer.reader_
        if reader.width is None:
            raise TutorError(
                f"{model} reads strips of any width, and chunks have images of one size. Use "
                "`clusterer.predict(rt.load_images(source, height=...))`, part by part."
            )
        about = {"model_sha256": digest, "images_sha256": _list_sha256(things)}
        about |= {"images": len(things), "source": str(origin)}
        known = _check_job(out, about, chunk)
        chunk = known.get("chunk") or chunk or CHUNK
        entries = [thing for thing in things if isinstance(thing, files.Entry)]
        size, fresh = (reader.height, reader.width), not known
        if fresh:
            check_disk(out, entries, copies or "none")
            levels = common_levels(entries, size)
            known = about | {
                "chunk": chunk,
                "levels": {kind: [found.low, found.high] for kind, found in levels.items()},
            }
        levels = {kind: Levels(kind, *ends) for kind, ends in known["levels"].items()}
        by_path = not isinstance(origin, str)
        job = Job(
            *(str(model), digest, (*size, reader.channels), levels, str(out), copies, by_path)
        )
        starts = range(0, len(things), chunk)
        parts = {number: things[start : start + chunk] for number, start in enumerate(starts)}
        missing = [n for n, part in parts.items() if not _is_whole(job, n, len(part))]
        _say_sizes(things, entries, chunk, parts, missing, copies)
        _say_needs(job, things, [parts[number] for number in missing], client)
        if fresh:
            (out / CHUNKS).mkdir(parents=True, exist_ok=True)
            atomic_write(out / JOB, (json.dumps(known, indent=1) + "\n").encode())
        todo = list(parts) if copies else missing
        not_copied = _do_all(job, {number: parts[number] for number in todo}, client)
        for unfinished in (out / CHUNKS).glob(".*.part"):  # of a process that was killed
            unfinished.unlink(missing_ok=True)
    return _summary(job, folder, len(parts), not_copied)


def holds_job(out):
    """Return whether a folder holds a job of `sort`, begun or done.

    Args:
        out: Path.

    Example:
        >>> holds_job("nowhere")
        False
    """
    return (Path(out).expanduser() / JOB).is_file()


def explain_missing(source):
    """Return what to say of a source that is not there.

    Example:
        >>> explain_missing("cats").partition(",")[0]
        "There is no folder and no zip 'cats'"
    """
    return (
        f"There is no folder and no zip {str(source)!r}, looked for in {os.getcwd()}. Write "
        "its path, between quotation marks where it has spaces."
    )


def check_start(out, origin):
    """Raise TutorError unless `sort` can begin, or go on, in a folder.

    Args:
        out: Path.
        origin: Path of the source, str; None for a list of files.
    """
    _parquet()
    check_outside(out, origin)
    out = Path(out).expanduser()
    inside = {path.name for path in out.iterdir()} if out.is_dir() else set()
    if (out.exists() and not out.is_dir()) or not (holds_job(out) or inside <= {MODEL, CHUNKS}):
        raise TutorError(
            f"{out} holds something that is no job of this kind, and nothing of it is replaced. "
            "Name a new folder, or move that one away."
        )


def load_model(folder):
    """Load a clusterer that was saved, and the names of its clusters.

    Args:
        folder: Path of a saved `RecurrentClusterer`, perhaps with a file `names.json`.

    Returns:
        (clusterer, `{"0": name}`); clusters without a name are missing.

    Raises:
        TutorError: There is none, or it is damaged, or the names cannot be read.
    """
    from rnn_tutor.clusters.estimator import RecurrentClusterer

    with warnings.catch_warnings():  # that a setting was not saved matters to `fit` alone
        warnings.filterwarnings("ignore", "The trained network was saved")
        clusterer, path = RecurrentClusterer.load(folder), Path(folder, NAMES)
    if not path.exists():
        return clusterer, {}
    try:
        names = json.loads(path.read_text("utf-8-sig"))
        if not all(isinstance(name, str) for name in names.values()):
            raise ValueError("a name is no text")
        return clusterer, {str(int(cluster)): name for cluster, name in names.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise TutorError(
            f"{path} cannot be read as names of clusters: {error}. Expected is a text such as "
            '{"0": "cats", "1": "dogs"}. Mend it, or move it away to do without names.'
        ) from None


# One chunk, here or in a worker


def sort_chunk(job, number, things):
    """Sort one chunk, unless it is sorted already, and put its copies in their places.

    Args:
        job: A `Job`.
        number: Of the chunk, int.
        things: Its files: `files.Entry`, and `SkippedFile` for what cannot be read.

    Returns:
        (number, {path: why it was not copied}).

    Raises:
        TutorError: The model is another one here, or none of the images is there.
    """
    if not _is_whole(job, number, len(things)):
        table = io.BytesIO()
        _parquet().write_table(_table_of(job, things), table)
        atomic_write(_path_of(job, number), table.getvalue())
    return number, _copy(job, number, things) if job.copies else {}


def _table_of(job, things):
    """Return the rows of a chunk as a table of pyarrow, in the order of the files."""
    import pyarrow

    clusterer, names = _loaded(job.model, job.sha256)
    entries = [thing for thing in things if isinstance(thing, files.Entry)]
    pixels = open_entries(entries, job.shape, job.levels)
    found = iter(clusterer.predict_proba(pixels))
    damaged = pixels.shared.damaged
    if damaged and not any(entry.path is None or os.path.exists(entry.path) for entry in entries):
        raise TutorError(
            f"Not one of {format_count(len(entries), 'image')} is there any more, such as "
            f"{entries[0].path}. Is a disk missing? What is sorted stays; run the same again."
        )
    rows = []
    for thing in things:
        if not isinstance(thing, files.Entry):
            rows.append((thing.source, -1, None, None, None, None, thing.reason))
            continue
        shares = next(found)
        if thing.name in damaged:
            rows.append((thing.name, -1, None, None, None, None, damaged[thing.name]))
            continue
        first, *others = np.argsort(-shares, kind="stable")[:2].tolist()
        second = (_called(names, others[0]), shares[others[0]]) if others else (None, None)
        rows.append((thing.name, first, _called(names, first), shares[first], *second, None))
    text, share = pyarrow.string(), pyarrow.float32()
    kinds = {"path": text, "cluster": pyarrow.int32(), "name": text, "probability": share}
    kinds |= {"second_best": text, "second_probability": share, "problem": text}
    columns = zip(*rows, strict=True)
    arrays = [pyarrow.array(c, k) for c, k in zip(columns, kinds.values(), strict=True)]
    return pyarrow.table(arrays, names=list(kinds))


def _copy(job, number, things):
    """Copy or link the files of a chunk that are not in their places yet."""
    _, names = _loaded(job.model, job.sha256)
    table = _parquet().read_table(_path_of(job, number), columns=["cluster"])
    folders, problems = None, {}
    for thing, cluster in zip(things, table["cluster"].to_pylist(), strict=True):
        if cluster < 0:
            continue
        if folders is None:
            n = _loaded(job.model, job.sha256)[0].n_clusters_
            folders = folder_names({k: _called(names, k) for k in range(n)}, {CHUNKS, JOB, MODEL})
        target = Path(job.out, place_of(thing, folders[cluster], job.by_path))
        try:
            put_file(thing, target, job.copies)
        except OSError as error:
            problems[thing.name] = error.strerror or str(error)
            if shutil.disk_usage(job.out).free < thing.bytes:
                raise TutorError(
                    f"The disk of {job.out} is full. Make room, and run the same again: it goes "
                    'on from here. copies="link" needs none.'
                ) from None
    return problems


def _called(names, cluster):
    return names.get(str(cluster), f"cluster {cluster}")


def _path_of(job, number):
    return Path(job.out, CHUNKS, f"{number:06d}.parquet")


def _is_whole(job, number, n):
    """Return whether a chunk is sorted: its table can be read, and has n rows."""
    path = _path_of(job, number)
    try:
        return path.exists() and _parquet().read_metadata(path).num_rows == n
    except (OSError, ValueError):  # a machine that lost its power may leave anything
        return False


def _loaded(model, digest):
    """Return (clusterer, {cluster: name}); a process loads a model once, whoever asks first."""
    with _LOCK:
        return _load_once(model, digest)


@functools.lru_cache(maxsize=1)
def _load_once(model, digest):
    if _model_sha256(model) != digest:
        raise TutorError(f"{model} is another model here than where the job began.")
    clusterer, names = load_model(model)
    clusterer.verbose = False
    return clusterer, names


def _model_sha256(folder):
    """Return a hash of what decides clusters and their names."""
    digest = hashlib.sha256()
    for name in ("clusterer.json", "network.keras", NAMES):
        path = Path(folder, name)
        digest.update(path.read_bytes() if path.is_file() else b"-")
    return digest.hexdigest()


def check_worker(job):
    """Return why a worker cannot do its part of a `Job`, str; None where it can."""
    if not Path(job.out, JOB).is_file():
        return f"it does not see {job.out}."
    if _model_sha256(job.model) != job.sha256:
        return f"it does not see the same model in {job.model}."
    if not os.access(Path(job.out, CHUNKS), os.W_OK):
        return f"it may not write into {job.out}."
    try:
        _parquet()
    except TutorError as problem:
        return str(problem)
    return None


# The job


def _listed(source, stack):
    """Return (entries and skipped files, origin: a path, or None for a list of files)."""
    if isinstance(source, ImageStream):
        origin = source.origin if isinstance(source.origin, str) else None
        return [*source.pixels.entries, *source.skipped], origin
    entries, skipped = stack.enter_context(files.find_images(source, explain_missing))
    if any(entry.bytes == 0 for entry in entries):
        raise TutorError(
            "Files are sorted in chunks; received images that are in memory already. Give them to "
            "`clusterer.predict`."
        )
    if not entries:
        raise TutorError(f"There are no images in {source}.")
    is_path = isinstance(source, str | os.PathLike)
    return [*entries, *skipped], os.path.abspath(os.path.expanduser(source)) if is_path else None


def _list_sha256(things):
    """Return a hash of the names, sizes and times of the files."""
    digest = hashlib.sha256()
    for thing in things:
        if isinstance(thing, files.Entry):
            about = f"{thing.name}\n{thing.bytes} {thing.version}\n"
        else:
            about = f"{thing.source}\n{thing.reason}\n"
        digest.update(about.encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _check_job(out, about, chunk):
    """Return what is known of the job that a folder holds, {} for none.

    Raises TutorError where it is another job.
    """
    if not holds_job(out):
        return {}
    try:
        known = json.loads((out / JOB).read_text("utf-8"))
        same = {name: known[name] == value for name, value in about.items()}
        known["chunk"], known["levels"] = int(known["chunk"]), dict(known["levels"])
    except (ValueError, LookupError, TypeError) as problem:
        raise TutorError(
            f"{out / JOB} is damaged ({type(problem).__name__}: {problem}). Name another folder."
        ) from None
    if not same["model_sha256"]:
        raise TutorError(
            f"{out} holds a job with another model, or with other names for its clusters. Give the "
            "model that it began with, or name another folder for a new job."
        )
    if not same["images_sha256"]:
        raise TutorError(
            f"{out} holds a job of other images: {known['images']:,} files of {known['source']}, "
            f"and now {about['images']:,} came of {about['source']}. A file was added, removed or "
            "changed, or the source is another one. Name another folder for a new job."
        )
    if chunk not in (None, known["chunk"]):
        raise TutorError(
            f"{out} holds a job in chunks of {known['chunk']:,}, and {chunk:,} were asked for. "
            "Leave the size of the chunks out to go on with it, or name another folder."
        )
    return known


def _say_sizes(things, entries, chunk, parts, missing, copies):
    """Print how much there is to do, and what it needs."""
    n, done = len(parts), len(parts) - len(missing)
    already = f"; {done:,} are sorted already" if done else ""
    print(
        f"{format_count(len(things), 'file')} in {format_count(n, 'chunk')} of {chunk:,}{already}."
    )
    names = sum(len(getattr(t, "name", None) or t.source) for t in things)
    room = f"The tables need up to {format_bytes(names + ROW_BYTES * len(things))} of disk"
    if copies == "copy":
        room += f", the copies {format_bytes(sum(entry.bytes for entry in entries))}"
    print(f"{room}.")


def _say_needs(job, things, missing, client):
    """Print how much memory the job holds and, where it is long, for how long; some are tried."""
    n, time_left = sum(map(len, missing)), ""
    if n >= MANY and client is None:
        some = list(islice((thing for part in missing for thing in part), WARM + TRIED))
        _table_of(job, some[:WARM])
        begun = time.perf_counter()
        _table_of(job, some[WARM:])
        seconds = n * (time.perf_counter() - begun) / TRIED
        time_left = f" It will take up to about {format_duration(seconds)}, and copies more."
    held = format_bytes(_machine.held() + WORKING)
    listed = format_bytes(ENTRY_BYTES * len(things))
    print(
        f"This process will hold up to {held} of memory, {listed} of it for the list of files."
        f"{time_left}"
    )


def _do_all(job, parts, client):
    """Do the chunks, here or by the workers of a client; return {path: why it was not copied}."""
    if client is None:
        lanes, results = 1, (sort_chunk(job, number, part) for number, part in parts.items())
    else:
        if any(isinstance(t, files.Entry) and not t.path for part in parts.values() for t in part):
            raise TutorError(
                "Workers read files by their paths: unpack the archive, and give that."
            )
        dask_workers.check(client, check_worker, job)
        lanes, results = dask_workers.run(client, sort_chunk, job, parts)
    total, done, not_copied, begun = sum(map(len, parts.values())), 0, {}, time.perf_counter()
    try:
        with files.show_progress(None, "sorting images", total) as bar:
            for turn, (number, problems) in enumerate(results, 1):
                done += len(parts[number])
                bar.update(len(parts[number]))
                not_copied |= problems
                if turn == lanes and done < total:
                    rate = done / (time.perf_counter() - begun)
                    if (left := (total - done) / rate) > SOON:
                        about = f"{rate:,.0f} files a second: about {format_duration(left)} to go."
                        bar.write(about)
    except KeyboardInterrupt:
        print("Stopped. What is sorted stays; the same again goes on from there.")
        raise
    return not_copied


def _summary(job, folder, n, not_copied):
    counts, problems = Counter(), {}
    for number in range(n):
        columns = ["path", "name", "problem"]
        table = _parquet().read_table(_path_of(job, number), columns=columns)
        for pair in table["name"].value_counts().to_pylist():
            counts[pair["values"]] += pair["counts"]
        if table["problem"].null_count < len(table):
            rows = zip(table["path"].to_pylist(), table["problem"].to_pylist(), strict=True)
            problems |= {path: problem for path, problem in rows if problem is not None}
    del counts[None]
    return Sorted(Path(job.out), counts.total(), dict(counts.most_common()), problems, not_copied)


def _parquet():
    try:
        import pyarrow.parquet
    except ImportError:
        raise TutorError(
            "The tables of the chunks are Parquet files, and pyarrow, which writes them, is not "
            'installed: `pip install "rnn-tutor[sort]"`.'
        ) from None
    return pyarrow.parquet
