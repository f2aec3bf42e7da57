"""Pictures as they come in: what may stand for pixels, checked and made one array.

Arrays, lists, an `ImageSet`, a pandas column: whoever takes pictures reads them here, so that the
same thing is accepted, and refused in the same words, everywhere.
"""

import os
import zlib
from dataclasses import dataclass

import numpy as np

from rnn_tutor._errors import TutorError
from rnn_tutor.images.imageset import fit, resize
from rnn_tutor.images.stream import LazyPixels


def as_images(images, lazy=False):
    """Read pictures from what holds them.

    Args:
        images: An `ImageSet`, an array `(n, height, width)` or `(n, height, width, channels)`, or a
            list or column of pictures `(height, width)` or `(height, width, channels)`. Pixels are
            uint8, floats in 0..1, bool, or other integers that can only be levels from 0 to 255.
        lazy: Whether the caller reads batch by batch, so that an `ImageStream` need not be read.

    Returns:
        `(n, height, width, channels)`, uint8 or float in 0..1; where sizes differ, a list of such
        pictures `(height, width, channels)`. For an `ImageStream` with `lazy`, its `LazyPixels`.

    Raises:
        TutorError: It is no set of pictures, or its numbers may mean more than one thing.
    """
    if getattr(images, "is_ragged", False):
        return images.list_of_pixels
    pixels = getattr(images, "pixels", images)
    if lazy and isinstance(pixels, LazyPixels):
        return pixels
    if not isinstance(pixels, list | tuple):
        pixels = np.asarray(pixels)
        if pixels.dtype != object or pixels.ndim != 1:
            return _as_levels(_with_channels(pixels))
    return _from_list(list(pixels))


def as_pixels(images, lazy=False):
    """Read pictures of one size: what `as_images` gives, but no list.

    Raises:
        TutorError: As for `as_images`, or the pictures have different sizes.
    """
    pixels = as_images(images, lazy)
    if isinstance(pixels, list):
        sizes = sorted({picture.shape for picture in pixels})
        raise TutorError(
            f"Expected pictures of one size; received {sizes[0]}, {sizes[1]} and so on. "
            "`rt.load_images(...)` gives all pictures one size, as does `resized(height, width)` "
            "of an ImageSet."
        )
    return pixels


def as_uint8(pixels):
    """Return levels from 0 to 255 for pixels as `as_images` gives them."""
    return pixels if pixels.dtype == np.uint8 else np.round(pixels * 255).astype(np.uint8)


def as_unit(pixels):
    """Return float32 in 0..1 for pixels as `as_images` gives them."""
    unit = pixels.astype("float32")
    return unit / 255 if pixels.dtype == np.uint8 else unit


def fingerprint(pixels):
    """Return a number or text that changes with the pixels; of files, with what is known of them.

    Args:
        pixels: From `as_pixels`.
    """
    if isinstance(pixels, LazyPixels):
        return pixels.fingerprint()
    return zlib.crc32(np.ascontiguousarray(pixels))


def sizes_of(images):
    """Return the sizes (height, width) of images, from `as_images`: one where all have the same.

    Args:
        images: An array, a list or `LazyPixels`, of which none is read.
    """
    if isinstance(images, list):
        return [image.shape[:2] for image in images]
    return [images.shape[1:3]] * min(1, len(images))


@dataclass(frozen=True)
class ImageReader:
    """Images of any size, as a network reads them.

    Attributes:
        height, width: Pixels; an image that has neither this size nor `size` is cut to its
            proportions around the middle.
        channels: Channels of every image, int: 1 or 3.
        size: `(height, width)` of what comes out; images of that size stay as they are.
    """

    height: int
    width: int
    channels: int
    size: tuple

    @classmethod
    def for_images(cls, images, longest, size=None):
        """Return a reader for images like these, as a network is trained on them.

        Args:
            images: From `as_images`. They are brought to their median size.
            longest: Pixels; where the longer side of that size is longer, it is shrunk to it.
            size: `(height, width)` that the network reads already, in place of both; or None.
        """
        median = np.median(sizes_of(images), axis=0)
        height, width = size or map(round, median)
        share = min(1, longest / max(height, width))
        shrunk = max(1, round(height * share)), max(1, round(width * share))
        return cls(height, width, images[0].shape[2], size or shrunk)

    @property
    def shape(self):
        """`(height, width, channels)` of what comes out."""
        return *self.size, self.channels

    def __call__(self, images):
        """Return images, from `as_images`, as uint8 `(n, *shape)`; lazy ones stay lazy."""
        if isinstance(images, LazyPixels):
            as_they_are = images.shape[1:3] == self.size
            return images if as_they_are else images.then(self._read_one, self.shape)
        if isinstance(images, np.ndarray) and images.shape[1:3] == self.size:
            return as_uint8(images)
        return np.stack([self._read_one(as_uint8(image)) for image in images])

    def _read_one(self, image):
        if image.shape[:2] == self.size:
            return image
        if image.shape[:2] != (self.height, self.width):
            image = fit(image, self.height, self.width)
        return resize(image, *self.size)

    def check_channels(self, images):
        """Raise TutorError where images, from `as_images`, have more channels or fewer."""
        if len(images) and images[0].shape[2] != self.channels:
            raise TutorError(
                f"Expected pictures with {self.channels} channels, as in `fit`; received "
                f"{images[0].shape[2]}. `rt.load_images(source, channels=...)` reads them so, "
                "with 1 (grey) or 3 (colour)."
            )

    def print_changes(self, images):
        """Print what becomes of images, from `as_images`, that are cut or resized."""
        sizes = set(sizes_of(images)) - {self.size}
        if sizes - {(self.height, self.width)}:
            print(
                f"Pictures of other sizes are cut to the proportions of {self.height} x "
                f"{self.width} around their middle, and resized to it."
            )

    def print_size(self):
        """Print to which size images are shrunk, if they are."""
        if self.size != (self.height, self.width):
            print(
                f"Pictures of {self.height} x {self.width} are read as {self.size[0]} x "
                f"{self.size[1]}; `size` changes that."
            )


def _from_list(pictures):
    if any(isinstance(picture, str | os.PathLike) for picture in pictures):
        raise TutorError(
            "Expected pictures; received names of files. `rt.load_images(names)` reads them."
        )
    try:
        pictures = [np.asarray(getattr(picture, "pixels", picture)) for picture in pictures]
    except ValueError:  # rows of different lengths
        raise _images_error("a picture whose rows differ in length") from None
    kinds = {(picture.shape, picture.dtype) for picture in pictures}
    if len(kinds) <= 1:
        return _as_levels(_with_channels(np.array(pictures)))
    pictures = [_as_levels(_with_channels(picture[None]))[0] for picture in pictures]
    if len({picture.shape[2] for picture in pictures}) > 1:
        raise TutorError(
            "Some of the pictures have more channels than others. `rt.load_images(..., channels=1)`"
            " or `channels=3` gives all of them as many."
        )
    if len({picture.shape for picture in pictures}) > 1:
        return pictures
    return np.stack([as_uint8(picture) for picture in pictures])


def _with_channels(pixels):
    if pixels.dtype.kind in "US":
        raise TutorError(
            f"Expected pictures; received text ({str(pixels)[:60]!r}). `rt.load_images(...)` reads "
            "files and folders by their names."
        )
    shape = pixels.shape
    if pixels.ndim == 3 and shape[2] in (1, 3, 4) and min(shape[:2]) > 4:
        raise _images_error(
            f"{shape}, which looks like a single picture: put it into a list, [picture]"
        )
    pixels = pixels[..., None] if pixels.ndim == 3 else pixels
    channels_first = pixels.ndim == 4 and pixels.shape[1] <= 4 < min(pixels.shape[2:])
    if pixels.ndim != 4 or 0 in pixels.shape[1:] or channels_first:
        raise _images_error(f"the shape {shape}")
    return pixels


def _images_error(received):
    return TutorError(
        "Expected pictures (n, height, width) or (n, height, width, channels), the channels last; "
        f"received {received}."
    )


def _as_levels(pixels):
    """uint8 and floats in 0..1 as they are; what can mean only one thing becomes uint8."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == bool:
        return np.where(pixels, np.uint8(255), np.uint8(0))
    whole, real = pixels.dtype.kind in "iu", pixels.dtype.kind == "f"
    if not (whole or real):
        raise TutorError(f"Expected uint8 pixels, or floats in 0..1; received {pixels.dtype}.")
    if not pixels.size:
        return pixels.astype(np.uint8) if whole else pixels
    low, high = pixels.min(), pixels.max()
    if real and low >= 0 and high <= 1:
        return pixels
    if whole and low >= 0 and high <= 255 and high != 1:
        return pixels.astype(np.uint8)
    raise TutorError(
        f"Expected uint8 pixels, or floats in 0..1; received {pixels.dtype} from {low} to {high}. "
        + _remedy(low, high, whole)
    )


def _remedy(low, high, whole):
    if not (np.isfinite(low) and np.isfinite(high)):
        return "Some are no numbers: `np.isfinite(pixels)` finds them."
    if low < 0:
        return "Move them to 0..1: `(pixels - pixels.min()) / (pixels.max() - pixels.min())`."
    if whole and high == 1:
        return (
            "If 1 is white, give `pixels.astype(bool)`; if 255 is, give `pixels.astype(np.uint8)`."
        )
    if high <= 255:
        return "If 255 is white, give `pixels / 255`."
    return "Divide by what white is: `pixels / 65535` for 16 bits, `pixels / 4095` for 12."
