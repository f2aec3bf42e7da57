"""Following a training panel's run, batch by batch."""

import threading


def on(panel, event, listener):
    """Calls `listener(progress)` at each such event of what the panel trains from now on."""
    make = panel._make_trainer

    def make_and_listen(settings):
        trainer = make(settings)
        trainer.on(event, listener)
        return trainer

    panel._make_trainer = make_and_listen


def stop_after(panel, epoch, batch):
    """Stops the panel's run after this batch; returns the threads on which that happened."""
    threads = []

    def look(progress):
        if (progress.epoch + 1, progress.step) == (epoch, batch):
            threads.append(threading.current_thread())
            panel.stop()

    on(panel, "batch", look)
    return threads
