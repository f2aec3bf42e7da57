"""The kernel panel: a kernel slides over an image, and its sums fill a feature map."""

import ipywidgets as widgets
import numpy as np

from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import TutorError
from rnn_tutor.widgets import _parts as parts
from rnn_tutor.widgets import _predictions
from rnn_tutor.widgets._sliding import Sliding, SlidingPanel, spans

SIZE = 3
BRIGHTER = np.array([[-1.0, 0, 1], [-1, 0, 1], [-1, 0, 1]])
SOBEL = np.array([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
KERNELS = {
    "brighter to the right": BRIGHTER,
    "brighter below": BRIGHTER.T,
    "Sobel x": SOBEL,
    "Sobel y": SOBEL.T,
    "Laplacian": np.array([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    "sharpen": np.array([[0.0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "mean": np.full((SIZE, SIZE), 1 / 9),
    "blur": np.array([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]]) / 16,
    "the picture itself": np.array([[0.0, 0, 0], [0, 1, 0], [0, 0, 0]]),
}
OWN = "your own"
MOST = 1_000.0  # of a number of the kernel


class KernelPanel(SlidingPanel):
    """Slide a kernel of 3 x 3 over an image, see the nine products, and watch the map fill.

    The kernel is not turned, and stays inside the image, as in `keras.layers.Conv2D` with
    `padding="valid"`. Images in colour are made grey. `play` moves on by a timer, on a thread of
    its own, until the end, `pause`, or another image.

    Args:
        images: An `ImageSet` of images of any sizes from 3 x 3 pixels on.
        kernel: A name from `KERNELS`, or `(3, 3)` numbers from -1,000 to 1,000.
        index: Which image; can be set, as `kernel`, `step` and `speed` can.
        step: How many places of the map are filled, in reading order.
        speed: Places a second, 1 to 1,000,000.
        name: The variable that holds the images, for the code that the panel shows.

    Attributes:
        kernel: `(3, 3)` float.
        feature_map: `(h - 2, w - 2)` float32, the sums at all places.
        products: `(3, 3)` float, the products at the newest place; None before the first.
        playing: Whether the panel moves on by itself.
        code: The lines of Python that give the same.

    Raises:
        TutorError: The controls cannot show this, or an image is smaller than the kernel.

    Example:
        >>> import numpy as np
        >>> import rnn_tutor as rt
        >>> panel = rt.widgets.KernelPanel(rt.load_images("digits", limit=5), "Sobel x", step=9)
        >>> panel.feature_map.shape, panel.products.shape
        ((6, 6), (3, 3))
        >>> bool(np.isclose(panel.products.sum(), panel.feature_map.flat[8]))
        True
    """

    WINDOW = "kernel"

    def __init__(
        self, images, kernel="brighter to the right", index=0, step=0, speed=50, name="images"
    ):
        if (smallest := min(images.shape[0], images.widths.min())) < SIZE:
            raise TutorError(
                f"Expected images of {SIZE} x {SIZE} pixels or more, as the kernel has; received "
                f"one with a side of {smallest}. Leave it out, or resize it."
            )
        self._setting = False
        self._named = parts.choice("Kernel", {words: words for words in (*KERNELS, OWN)}, OWN)
        self._weights = [_weight(row, column) for row in range(SIZE) for column in range(SIZE)]
        super().__init__("kernel", images, name)
        self.kernel = kernel
        self._named.observe(self._name_chosen, "value")
        for box in self._weights:
            box.observe(self._weight_changed, "value")
        self._begin(index, step, speed)

    @property
    def kernel(self):
        """The kernel, `(3, 3)` float; setting it, also by its name, moves the controls."""
        return np.reshape([box.value for box in self._weights], (SIZE, SIZE))

    @kernel.setter
    def kernel(self, kernel):
        kernel = _checked_kernel(kernel)
        self._setting = True
        for box, number in zip(self._weights, kernel.flat, strict=True):
            box.value = float(number)
        self._named.value = _name_of(kernel)
        self._setting = False
        if self._current:
            self._ask()

    @property
    def feature_map(self):
        """The sums at all places, `(h - 2, w - 2)` float32."""
        return _feature_map(self._grey, self.kernel)

    @property
    def products(self):
        """The products at the newest place, `(3, 3)` float; None before the first."""
        return self._at(self._current, self._grey, self.kernel, self.step)[1]

    @property
    def code(self):
        """The lines of plain Python that give the same."""
        return self._lines(self._current, self.index, self.kernel, self.step)

    @property
    def _grey(self):
        return _grey(self.images[self.index])

    def _read(self):
        return Sliding(self.images[self.index].grey().pixels[0], (SIZE, SIZE))

    def _now(self):
        return self._current, self.index, self.kernel, self.step

    def _draw(self, sliding, index, kernel, step):
        picture = _grey(self.images[index])
        values = _feature_map(picture, kernel)
        self._show_places(sliding, step, sliding.image, values, "The feature map")
        window, products = self._at(sliding, picture, kernel, step)
        self._pixels.value, self._products.value = (
            _nine(window, "Pixels"),
            _nine(products, "Products"),
        )
        words = f"Nothing is computed yet. The map has {len(sliding.sequence):,} places."
        if step:
            total = _number(products.sum())
            where = spans(sliding, step)
            words = f"Place {step:,} of {len(sliding.sequence):,}, {where}: the sum is {total}."
        self._sum.value = f'<div class="rt-sum">= {_number(products.sum())}</div>' if step else ""
        return words, self._lines(sliding, index, kernel, step)

    @staticmethod
    def _at(sliding, picture, kernel, step):
        """The pixels below the kernel and the products, or None twice."""
        if not step:
            return None, None
        top, left, below, right = sliding.box(step)
        window = picture[top:below, left:right]
        return window, window * kernel

    def _lines(self, sliding, index, kernel, step):
        grey = ".grey()" if self.images.shape[2] > 1 else ""
        rows = ",\n                   ".join(map(str, kernel.tolist()))
        lines = [
            f"kernel = np.array([{rows}])",
            f"picture = {self.name}[{index}]{grey}.as_float()[0, :, :, 0]",
        ]
        if step:
            top, left, below, right = sliding.box(step)
            lines.append(f"window = picture[{top}:{below}, {left}:{right}]")
            lines.append("products = window * kernel")
            lines.append("total = products.sum()")
        lines.append("feature_map = cv2.filter2D(picture, -1, kernel)[1:-1, 1:-1]")
        return "\n".join(lines)

    def _name_chosen(self, change):
        if not self._setting and change.new != OWN:
            self.kernel = change.new

    def _weight_changed(self, change):
        if not self._setting:
            self.kernel = self.kernel

    def _layout(self):
        self._pixels, self._products, self._sum = parts.text(), parts.text(), parts.text()
        boxes = widgets.GridBox(self._weights).add_class("rt-weights")
        head = parts.text('<div class="rt-head">Kernel</div>')
        sums = parts.wrapped(
            self._pixels,
            _sign("\N{MULTIPLICATION SIGN}"),
            widgets.VBox([head, boxes]),
            _sign("="),
            self._products,
            widgets.VBox([self._sum], layout={"align_self": "center"}),
        )
        hint = "Choose a kernel or write numbers. Drag it, or use the arrow keys on the picture"
        return [
            parts.title("Slide a kernel over a picture", hint),
            parts.grid(self._named, self._step, self._picture, self._speed),
            self._bar(),
            parts.wrapped(self._seen, widgets.VBox([self._map, self._legend])),
            sums,
            self._code,
        ]


def _weight(row, column):
    words = f"Row {row + 1}, column {column + 1} of the kernel"
    box = widgets.BoundedFloatText(0, min=-MOST, max=MOST, step=0.5, description=words)
    return box.add_class("rt-weight")


def _sign(words):
    return parts.text(f'<div class="rt-sign" aria-hidden="true">{words}</div>')


def _grey(image):
    """(h, w) float32 from 0 to 1."""
    return image.grey().as_float()[0, :, :, 0]


def _feature_map(picture, kernel):
    return cv2.filter2D(picture, -1, kernel)[1:-1, 1:-1]


def _name_of(kernel):
    named = (words for words, known in KERNELS.items() if np.array_equal(known, kernel))
    return next(named, OWN)


def _checked_kernel(kernel):
    """(3, 3) float; TutorError where it is none."""
    if isinstance(kernel, str):
        if kernel not in KERNELS:
            raise TutorError(f"kernel is one of {', '.join(map(repr, KERNELS))}; not {kernel!r}.")
        return KERNELS[kernel]
    kernel = np.asarray(kernel, float)
    if kernel.shape != (SIZE, SIZE) or not (np.abs(kernel) <= MOST).all():
        raise TutorError(
            f"Expected a kernel of {SIZE} x {SIZE} numbers from {-MOST:,.0f} to {MOST:,.0f}; "
            f"received {kernel.tolist()!r}. A name, such as 'Sobel x', will do as well."
        )
    return kernel


def _number(value):
    """A number with at most two decimals."""
    return f"{round(float(value), 2) + 0.0:g}".replace("-", "\N{MINUS SIGN}")


def _nine(numbers, head):
    """Nine numbers as a table in HTML, dark where they are low; empty where None."""
    known = numbers is not None
    values = numbers if known else np.zeros((SIZE, SIZE))
    most = max(1.0, float(np.abs(values).max()))
    signed = (values < 0).any()
    rows = []
    for row in values:
        cells = ""
        for value in row:
            ink = _predictions.colours(value / most) if signed else np.full(3, 255 * value / most)
            ground = "#{:02x}{:02x}{:02x}".format(*ink.astype(int))
            cells += (
                f"<td>{parts.chip(_number(value), ground)}</td>"
                if known
                else "<td>\N{EN DASH}</td>"
            )
        rows.append(f"<tr>{cells}</tr>")
    return f'<div class="rt-head">{head}</div><table class="rt-nine">{"".join(rows)}</table>'
