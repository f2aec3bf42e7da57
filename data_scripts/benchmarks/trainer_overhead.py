"""What the trainer and the panel cost: the time of a training, against Keras's `fit` alone.

    python data_scripts/benchmarks/trainer_overhead.py [--rounds 10] [--epochs 6] [--out FILE]

A round trains the course's classifier on fashion5 three times, in an order that changes: by `fit`
on the same batches, by `Trainer.run`, by `ClassifierPanel.run`. Each begins with a fresh model, so
that the building of the graph is in all three. It runs in a notebook's kernel, where a panel has to
send what it shows; there are no checkpoints and no validation.

Time is told twice: by the clock, which holds on a machine that does nothing else, and as the
processor's, which other programs disturb less.
"""

import argparse
import gc
import json
import statistics
import time
from datetime import date
from pathlib import Path

from jupyter_client.manager import start_new_kernel

HERE = Path(__file__).resolve().parent
RESULT = HERE / "trainer_overhead.json"
IN_KERNEL = """
import sys
sys.path.insert(0, {here!r})
import trainer_overhead
trainer_overhead.measure({rounds}, {epochs}, {out!r})
"""


def by_fit(images, settings):
    """The trainer's model and batches, but none of the trainer."""
    from rnn_tutor.training.trainer import Trainer

    made = Trainer.from_settings(images, settings)
    made.model.fit(made.batches, epochs=settings.epochs, shuffle=False, verbose=0)


def by_trainer(images, settings):
    from rnn_tutor.training.trainer import Trainer

    Trainer.from_settings(images, settings).run()


def by_panel(images, settings):
    from rnn_tutor.widgets import ClassifierPanel

    ClassifierPanel(images, settings).run()


WAYS = {"fit": by_fit, "trainer": by_trainer, "panel": by_panel}


def seconds(way, images, settings):
    """Of one training, by the clock and of the processor; the machine is tidied up before."""
    from rnn_tutor._backend import keras

    keras.backend.clear_session()
    gc.collect()
    began = time.perf_counter(), time.process_time()
    WAYS[way](images, settings)
    ended = time.perf_counter(), time.process_time()
    return [round(b - a, 3) for a, b in zip(began, ended, strict=True)]


def measure(rounds, epochs, out):
    """Runs all rounds, prints them as they come, and writes the JSON."""
    from fashion5 import surroundings

    import rnn_tutor as rt

    images, _ = rt.load_images("fashion5").split()
    settings = rt.training.ClassifierSettings(epochs=epochs)
    times, order = {way: [] for way in WAYS}, list(WAYS)
    for way in order:  # what only the first training of a process waits for
        seconds(way, images[:640], rt.training.ClassifierSettings(epochs=1))
    for number in range(rounds):
        for way in order:
            times[way].append(seconds(way, images, settings))
        order = order[1:] + order[:1]
        print(number + 1, {way: numbers[-1] for way, numbers in times.items()}, flush=True)
    result = {
        "date": date.today().isoformat(),
        "dataset": "fashion5",
        "pictures": len(images),
        "settings": repr(settings),
        **surroundings(),
        "seconds": of_each(times, 0),
        "processor_seconds": of_each(times, 1),
    }
    for kind in ("seconds", "processor_seconds"):
        result[f"median_ratio_of_{kind}"] = median_ratios(result[kind])
        print(kind, result[f"median_ratio_of_{kind}"])
    Path(out).write_text(json.dumps(result, indent=1) + "\n")


def of_each(times, which):
    return {way: [pair[which] for pair in pairs] for way, pairs in times.items()}


def median_ratios(seconds):
    """Of the trainer and of the panel to `fit`, round by round."""
    return {
        way: round(
            statistics.median(a / b for a, b in zip(seconds[way], seconds["fit"], strict=True)), 4
        )
        for way in ("trainer", "panel")
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--out", type=Path, default=RESULT)
    arguments = parser.parse_args()
    manager, client = start_new_kernel()
    code = IN_KERNEL.format(
        here=str(HERE),
        rounds=arguments.rounds,
        epochs=arguments.epochs,
        out=str(arguments.out.resolve()),
    )
    try:
        client.execute_interactive(code)
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
