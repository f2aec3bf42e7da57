"""What a `RecurrentClusterer` does with strips: images of one height and any widths."""

from dataclasses import dataclass

import numpy as np

from rnn_tutor._errors import TutorError, check_known
from rnn_tutor.images.arrays import as_uint8, sizes_of
from rnn_tutor.images.imageset import ImageSet, joined, resize
from rnn_tutor.images.stream import LazyPixels
from rnn_tutor.networks import models
from rnn_tutor.networks.strip_encoders import READERS
from rnn_tutor.training.objectives import Contrastive

WIDTHS = ("auto", "any", "one")
STRIP_PRESETS = {"quick": 300, "medium": 900, "full": 3_000}  # steps of training, at the least
BATCH, TEMPERATURE = 32, 0.5
WIDER, TALLER = 1.5, 1.1  # widest by narrowest, and tallest by lowest, from or up to which "auto"
ENCODERS = {**READERS, "dense": READERS["squeezed"]}  # by the names that `encoder` takes


def choose_width(width, images, settings):
    """Decide whether images are read at any width, and say why.

    Args:
        width: A name from `WIDTHS`. "auto" takes any width where widths vary by more than half,
            heights do not, and no other setting asks for images of one size.
        images: From `as_images`.
        settings: The estimator; its `features`, `encoder` and `objective` are looked at.

    Returns:
        `(any width, reason)`: a bool, and a sentence for the reader, "" where nobody asked for a
        choice.

    Raises:
        TutorError: There is no such width, or the settings do not go with strips.
    """
    check_known("width", width, WIDTHS)
    if width == "any" and isinstance(images, LazyPixels):
        raise TutorError(
            'The images of a stream have one size; received width="any". Leave it out, or load the '
            "files into memory, each at its own width: `rt.load_images(source, height=...)`."
        )
    fits = _complaint(settings) is None
    if width == "any" and not fits:
        raise TutorError(f'width="any" {_complaint(settings)}')
    if width != "auto" or not fits:
        return width == "any", ""
    heights, widths = np.array(sizes_of(images)).T
    low, high = widths.min(), widths.max()
    if high <= WIDER * low or heights.max() > TALLER * heights.min():
        return False, ""
    return True, (
        f"These pictures are {low} to {high} pixels wide, and of one height: each is read at its "
        'own width. `width="one"` cuts all of them to one size.'
    )


def _complaint(settings):
    """Return why the settings do not go with strips, or None."""
    if settings.features not in ("auto", None, False):
        return "goes without features; give features=None."
    objective, encoder = settings.objective, settings.encoder
    if objective != "contrastive" and not getattr(objective, "reads_any_width", False):
        return 'goes with objective="contrastive", or one of your own that reads any width.'
    if isinstance(encoder, str):
        known = encoder == "auto" or encoder in ENCODERS
        return None if known else f"goes with these encoders: {', '.join(ENCODERS)}."
    reads = getattr(encoder, "input_shape", None)
    if reads is not None and not models.reads_any_width(encoder):
        return f"needs an encoder that reads any width; this one reads {reads}."
    return None


def make_strip_encoder(encoder, input_shape):
    """Build the encoder of a name from `ENCODERS`, for strips.

    Args:
        encoder: The name, str.
        input_shape: `(height, None, channels)`.

    Returns:
        A Keras model.
    """
    reader = "squeezed" if encoder == "dense" else encoder
    return models.strip_encoder(input_shape, reader)


def strip_objective(objective, augmentation):
    """Return the objective: "contrastive" with this augmentation, or one of your own as it is.

    Args:
        objective: "contrastive", or an `Objective` that reads any width.
        augmentation: The name of a preset, or what draws views of strips.

    Raises:
        TutorError: The augmentation draws no views of any width.
    """
    if objective != "contrastive":
        return objective
    made = Contrastive(augmentation, TEMPERATURE)
    if not made.reads_any_width:
        raise TutorError(
            f"Strips need views of any width; received augmentation={augmentation!r}. Give "
            '"strips", or a `rt.augmentation.StripAugmentation`.'
        )
    return made


@dataclass(frozen=True)
class StripReader:
    """Bring images to one height, and leave each its proportions.

    Attributes:
        height: In pixels, int.
        channels: Channels that an image must have, int.
        width: None, for any width.
    """

    height: int
    channels: int
    width: None = None

    @classmethod
    def for_images(cls, images, highest):
        """Return a reader for images like these.

        Args:
            images: From `as_images`. They are brought to their median height.
            highest: The largest height, in pixels.
        """
        height = min(highest, round(np.median(sizes_of(images), axis=0)[0]))
        return cls(height, images[0].shape[2])

    @property
    def shape(self):
        """(height, None, channels) of what comes out."""
        return self.height, None, self.channels

    def __call__(self, images):
        """Return images, from `as_images`, as an `ImageSet` of this height."""
        if not len(images):
            return ImageSet(np.zeros((0, self.height, 1, self.channels), np.uint8))
        pixels, widths = joined([self._read_one(as_uint8(image)) for image in images])
        return ImageSet(pixels, strip_widths=widths)

    def _read_one(self, image):
        height, width = image.shape[:2]
        if height == self.height:
            return image
        return resize(image, self.height, max(1, round(width * self.height / height)))

    def check_channels(self, images):
        """Raise TutorError where images, from `as_images`, have more channels or fewer."""
        if len(images) and images[0].shape[2] != self.channels:
            raise TutorError(
                f"Expected pictures with {self.channels} channels, as in `fit`; received "
                f"{images[0].shape[2]}. `rt.load_images(source, channels=...)` reads them so."
            )

    def print_changes(self, images):
        """Print what becomes of images, from `as_images`, of another height."""
        if {height for height, _ in sizes_of(images)} - {self.height}:
            print(f"Pictures of other heights are resized to {self.height}, in proportion.")

    def print_size(self):
        """Print nothing: strips are not cut to a size."""
