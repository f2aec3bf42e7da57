"""The full data sets that `rnn-tutor fetch` brings: where they lie, and how their files are read.

Each file has a checksum that was published. Mirrors pack the files of MNIST and Fashion-MNIST anew,
so for these it is the checksum of what the packed file holds.
"""

import gzip
import hashlib
import os
import tarfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rnn_tutor._errors import TutorError, check_known
from rnn_tutor.images.imageset import ImageSet

FOLDER = "RNN_TUTOR_DATA"  # the environment variable that names another folder
_IDX = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
_DIGITS = tuple("0123456789")
_CLOTHES = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker")
_CLOTHES += ("Bag", "Ankle boot")
_SYLLABLES = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
_OBJECTS = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)


@dataclass(frozen=True)
class RemoteFile:
    """A file of a data set, and how to tell that it is whole.

    Attributes:
        name: As the mirrors call it, str.
        checksum: Published, "sha256:..." or "md5:...".
        of_content: Whether the checksum is that of what a gzip file holds, bool.
    """

    name: str
    checksum: str
    of_content: bool = False

    def is_whole(self, path):
        """Return whether a file has the checksum; False where it cannot be read.

        Args:
            path: Path of the file.

        Example:
            >>> _ = Path("a.txt").write_bytes(b"abc")
            >>> RemoteFile("a.txt", "md5:900150983cd24fb0d6963f7d28e17f72").is_whole("a.txt")
            True
        """
        algorithm, _, expected = self.checksum.partition(":")
        try:
            with (unpacked if self.of_content else _opened)(path) as file:
                return hashlib.file_digest(file, algorithm).hexdigest() == expected
        except (OSError, EOFError, zlib.error):
            return False


@dataclass(frozen=True)
class FullSet:
    """A data set that can be fetched.

    Attributes:
        title: Its name, and who made it, str.
        licence: Under which it may be used, str.
        megabytes: What is downloaded, float.
        mirrors: Addresses of folders that have the files, a tuple of str; tried in this order.
        files: A tuple of `RemoteFile`.
        read: A function of the set's name and folder; returns an ImageSet, or the Path of an
            archive of images.
    """

    title: str
    licence: str
    megabytes: float
    mirrors: tuple[str, ...]
    files: tuple[RemoteFile, ...]
    read: Callable


def folder_of(name):
    """Return the folder, a Path, in which the files of a full data set lie or will lie.

    Args:
        name: A key of `FULL_SETS`.
    """
    if FOLDER in os.environ:
        return Path(os.environ[FOLDER]).expanduser() / name
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("rnn-tutor", appauthor=False)) / name


def load(name):
    """Load a full data set that was fetched.

    Args:
        name: A key of `FULL_SETS`.

    Returns:
        An ImageSet; for "flowers" the Path of its archive.

    Raises:
        TutorError: It was not fetched, or one of its files is damaged.
    """
    check_known("full data set", name, FULL_SETS)
    full, folder = FULL_SETS[name], folder_of(name)
    remedy = (
        f"Type `rnn-tutor fetch {name}` in a terminal, or `!rnn-tutor fetch {name}` in a cell: "
        f"{full.megabytes:.0f} MB, {full.licence}."
    )
    for file in full.files:
        if not (folder / file.name).exists():
            raise TutorError(f"{name!r} is not on this machine yet: no {file.name}. {remedy}")
        if not file.is_whole(folder / file.name):
            raise TutorError(f"{folder / file.name} is damaged. {remedy}")
    return full.read(name, folder)


def unpacked(path):
    """Open what a gzip file holds; a file that is not packed as it is."""
    with _opened(path) as file:
        is_packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path) if is_packed else _opened(path)


def _opened(path):
    return open(path, "rb")


def _in_two_parts(name, class_names, train, test):
    """Return the ImageSet of (pixels, labels) of either part."""
    (pixels, labels), (test_pixels, test_labels) = train, test
    is_test = np.repeat([False, True], [len(pixels), len(test_pixels)])
    sources = [f"{name}, training image {i}" for i in range(len(pixels))]
    sources += [f"{name}, test image {i}" for i in range(len(test_pixels))]
    return ImageSet(
        np.concatenate([pixels, test_pixels]),
        np.concatenate([labels, test_labels]),
        class_names,
        sources,
        name,
        is_test,
    )


def _idx_reader(class_names):
    """Return a reader of MNIST's format: a header of dimensions, then bytes."""

    def array(path):
        with unpacked(path) as file:
            content = file.read()
        shape = np.frombuffer(content, ">i4", content[3], offset=4)
        return np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)

    def read(name, folder):
        images, labels, test_images, test_labels = (
            array(folder / f"{part}-ubyte.gz") for part in _IDX
        )
        train, test = (images[..., None], labels), (test_images[..., None], test_labels)
        return _in_two_parts(name, class_names, train, test)

    return read


def _read_usps(name, folder):
    """Return 16 x 16 digits: values from -1 to 1, and labels from 1 for the digit 0."""
    from sklearn.datasets import load_svmlight_file

    parts = []
    for file in ("usps.bz2", "usps.t.bz2"):
        values, labels = load_svmlight_file(str(folder / file), n_features=256)
        pixels = np.round((values.toarray() + 1) * 127.5).clip(0, 255).astype(np.uint8)
        parts.append((pixels.reshape(-1, 16, 16, 1), labels.astype(np.int64) - 1))
    return _in_two_parts(name, _DIGITS, *parts)


def _read_cifar(name, folder):
    """Return 32 x 32 images: a byte for the label, then the planes of red, green and blue."""
    with tarfile.open(folder / "cifar-10-binary.tar.gz") as archive:
        contents = {
            Path(member.name).stem: archive.extractfile(member).read()
            for member in archive
            if member.name.endswith(".bin")
        }

    def part(*names):
        rows = np.frombuffer(b"".join(contents[n] for n in names), np.uint8).reshape(-1, 3073)
        return rows[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), rows[:, 0]

    train = part(*(f"data_batch_{i}" for i in range(1, 6)))
    return _in_two_parts(name, _OBJECTS, train, part("test_batch"))


def _read_flowers(name, folder):
    return folder / "flower_photos.tgz"


def _idx_files(*sums, of_content=False):
    names = (f"{part}-ubyte.gz" for part in _IDX)
    return tuple(
        RemoteFile(name, f"sha256:{checksum}", of_content)
        for name, checksum in zip(names, sums, strict=True)
    )


FULL_SETS = {
    "mnist": FullSet(
        "MNIST, 70,000 handwritten digits of 28 x 28, by LeCun, Cortes and Burges",
        "CC BY-SA 3.0",
        11.6,
        (
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ),
        _idx_files(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
            of_content=True,
        ),
        _idx_reader(_DIGITS),
    ),
    "fashion_mnist": FullSet(
        "Fashion-MNIST, 70,000 clothes of 28 x 28, by Zalando SE",
        "MIT",
        30.9,
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
        ),
        _idx_files(
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
            of_content=True,
        ),
        _idx_reader(_CLOTHES),
    ),
    # Checksums as torchvision for Ruby publishes them.
    "kmnist": FullSet(
        "Kuzushiji-MNIST, 70,000 cursive Japanese syllables of 28 x 28, by CODH",
        "CC BY-SA 4.0",
        21.2,
        (
            "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        ),
        _idx_files(
            "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
            "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
            "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
            "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
        ),
        _idx_reader(_SYLLABLES),
    ),
    # torchvision publishes an md5 only.
    "usps": FullSet(
        "USPS, 9,298 handwritten digits of 16 x 16, by Hull (1994), as LIBSVM keeps them",
        "no licence is named",
        8.4,
        (
            "https://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/",
            "http://www.csie.ntu.edu.tw/~cjlin/libsvmtools/datasets/multiclass/",
        ),
        (
            RemoteFile("usps.bz2", "md5:ec16c51db3855ca6c91edd34d0e9b197"),
            RemoteFile("usps.t.bz2", "md5:8ea070ee2aca1ac39742fdd1ef5ed118"),
        ),
        _read_usps,
    ),
    # The binary version: the Python version is pickled, and a pickle can run code.
    "cifar10": FullSet(
        "CIFAR-10, 60,000 colour images of 32 x 32, by Krizhevsky (2009)",
        "no licence is named: the author asks to cite his report of 2009",
        170.1,
        (
            "https://www.cs.toronto.edu/~kriz/",
            "https://storage.googleapis.com/s4tf-hosted-binaries/datasets/CIFAR10/",
        ),
        (
            RemoteFile(
                "cifar-10-binary.tar.gz",
                "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            ),
        ),
        _read_cifar,
    ),
    "flowers": FullSet(
        "Flowers, 3,670 photographs of five kinds, collected by the TensorFlow team",
        "CC BY 2.0, the photographers are named in its LICENSE.txt",
        228.8,
        (
            "https://storage.googleapis.com/download.tensorflow.org/example_images/",
            "http://download.tensorflow.org/example_images/",
        ),
        (
            RemoteFile(
                "flower_photos.tgz",
                "sha256:4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c",
            ),
        ),
        _read_flowers,
    ),
}
