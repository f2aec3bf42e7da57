"""What a panel follows: an object that calls back after each change, and knows no panel."""


class Observable:
    """Call back after each change: the base of what panels are windows on."""

    def __init__(self):
        self._callbacks = []

    def on_change(self, callback):
        """Call `callback()` after each change.

        Args:
            callback: A function without arguments.

        Returns:
            `callback`.
        """
        self._callbacks.append(callback)
        return callback

    def forget(self, callback):
        """Call a callback of `on_change` no longer.

        Args:
            callback: The function that `on_change` was given; another one is passed over.
        """
        self._callbacks = [known for known in self._callbacks if known != callback]

    def _emit(self):
        for callback in self._callbacks:
            callback()
