"""The workers of a Dask cluster: whether they can take part, and parts of a job done by them.

Nothing here starts a server: a cluster runs already, and listens where its owner said. Without
`--host` and `--dashboard-address`, `dask worker` listens on every address of its machine.
"""

from itertools import islice

from rnn_tutor._errors import TutorError

AHEAD = 3  # tasks for each thread of the cluster that are handed out at a time


def connect(client, address):
    """Return a client of the Dask scheduler at an address.

    Args:
        client: What was given as a client; must be None.
        address: Such as "tcp://10.0.0.5:8786", str.

    Returns:
        A `distributed.Client`.

    Raises:
        TutorError: There is a client already, no such scheduler, or Dask is not installed.
    """
    if client is not None:
        raise TutorError("Give `client` or `workers`, not both.")
    if not isinstance(address, str) or "://" not in address:
        raise TutorError(
            "workers must be the address of a Dask scheduler, such as 'tcp://10.0.0.5:8786'; "
            f"received {address!r}. `dask scheduler` prints it when it starts."
        )
    try:
        from distributed import Client
    except ImportError:
        raise TutorError(
            'Workers are those of Dask, which is not installed: `pip install "rnn-tutor[dask]"`.'
        ) from None
    try:
        return Client(address, timeout=20, set_as_default=False)
    except (OSError, ValueError) as error:
        raise TutorError(f"There is no Dask scheduler at {address}: {error}") from None


def check(client, question, job):
    """Ask each worker whether it can do its part; raise TutorError where there is none, or one not.

    Args:
        client: A `distributed.Client`.
        question: A function of the job that returns why not, str, or None.
        job: What the function takes.
    """
    answers = client.run(question, job, on_error="return")
    if not answers:
        raise TutorError(
            "The Dask scheduler has no workers. Start some with `dask worker ADDRESS --host OWN`, "
            "and then this again."
        )
    for worker, problem in answers.items():
        if problem is not None:
            raise TutorError(f"The worker {worker} cannot take part: {problem}")


def run(client, function, job, parts):
    """Have the workers do the parts of a job.

    Few are handed out at a time: the files of all parts would be too much for a scheduler.

    Args:
        client: A `distributed.Client`.
        function: A function of the job, a number and a part.
        job: What the function takes first.
        parts: `{number: part}`.

    Returns:
        (how many parts are done at a time, an iterator of what the function returns, as it comes).
    """
    from distributed import KilledWorker, as_completed

    lanes = max(1, sum(client.nthreads().values()))

    def submit(numbers):
        return [client.submit(function, job, n, parts[n], pure=False) for n in numbers]

    def results():
        waiting = iter(parts)
        running = as_completed(submit(islice(waiting, AHEAD * lanes)), loop=client.loop)
        for future in running:
            try:
                yield future.result()
            except KilledWorker:
                raise TutorError(
                    "A part of the job broke off several workers, perhaps for want of memory. Give "
                    "each worker more, and run the same again: it goes on from there."
                ) from None
            for more in submit(islice(waiting, 1)):
                running.add(more)

    return lanes, results()
