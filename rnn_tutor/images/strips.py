"""Strips: images of one height and any widths, whose class is an order that must be read.

`spoken3` composes recordings of spoken digits; `tunes`, `words` and `morse` are drawn. In each set
all classes hold the same parts in different orders. So what is in a strip does not tell its class.
Strip i depends on the settings, the seed and i alone.
"""

import json
from functools import cache
from itertools import permutations
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from rnn_tutor._cv2 import cv2
from rnn_tutor._errors import TutorError, check_known, check_range, check_whole
from rnn_tutor._text import DATA, sha256
from rnn_tutor.images.imageset import ImageSet, joined

SPEAKERS = ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
DIGITS = (0, 1, 7)
TEST_TAKES = 5  # the first takes of each digit and speaker, which the data set keeps for tests
TEST_EVERY = 5  # one round of classes in so many becomes the test part
PITCHES = {"do": 0, "re": 1, "mi": 2, "fa": 3, "so": 4, "la": 5, "ti": 6}  # steps above the line
FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSerif", "DejaVuSerif-Italic"),
    *("DejaVuSansMono", "STIXGeneral", "STIXGeneralItalic", "cmr10", "cmss10", "cmtt10"),
)
MORSE = {
    **{"a": ".-", "b": "-...", "c": "-.-.", "d": "-..", "e": ".", "f": "..-.", "g": "--."},
    **{"h": "....", "i": "..", "j": ".---", "k": "-.-", "l": ".-..", "m": "--", "n": "-."},
    **{"o": "---", "p": ".--.", "q": "--.-", "r": ".-.", "s": "...", "t": "-", "u": "..-"},
    **{"v": "...-", "w": ".--", "x": "-..-", "y": "-.--", "z": "--.."},
}


def spoken3(
    n=600,
    *,
    speakers=("jackson",),
    digits=(1, 7, 0),
    pauses=(5, 40),
    margins=(0, 0),
    noise=0.0,
    seed=0,
):
    """Compose n strips of spoken digits, whose classes are the orders of the digits, in turn.

    A strip is the spectrogram of one speaker, 16 mel bands high; a column is 16 ms. Every fifth
    round of the classes is the test part. It is composed of other recordings than the rest.

    Args:
        n: How many, int. Default 600.
        speakers: Names from `SPEAKERS`, or "all". Each strip has one, drawn at random. Default:
            "jackson" alone, whose recordings resemble each other most; with labels, three
            speakers were looked at.
        digits: Different ones of 0, 1 and 7. Default: all three, which have six orders.
        pauses: Fewest and most silent columns between two digits. Default (5, 40).
        margins: Fewest and most silent columns at each end. Default (0, 0): trimmed.
        noise: How loud the background is, from 0 to 1; 1 is as loud as the speaker, and each 0.1
            less is 6 decibels quieter. Default 0: silence.
        seed: Int from 0. Default 0.

    Returns:
        An ImageSet of strips with labels.

    Raises:
        TutorError: A setting cannot be, or the shipped file is damaged.

    Example:
        >>> rt.strips.spoken3(12, seed=1).class_names
        ('170', '107', '710', '701', '017', '071')

    Source: Free Spoken Digit Dataset (Jackson and others), CC BY-SA 4.0; see
    `data/spoken3-LICENSE.txt`.
    """
    n, seed = check_whole("n", n), check_whole("seed", seed, at_least=0)
    speakers = SPEAKERS if isinstance(speakers, str) and speakers == "all" else _several(speakers)
    for speaker in speakers:
        check_known("speaker", speaker, SPEAKERS)
    digits = tuple(digits)
    if len(digits) < 2 or len(set(digits)) < len(digits) or set(digits) - set(DIGITS):
        raise TutorError(f"digits are two or three different ones of {DIGITS}; received {digits}.")
    check_range("noise", noise, 0, 1)
    pauses, margins = _span("pauses", pauses), _span("margins", margins)
    orders, pictures, sources = list(permutations(digits)), [], []
    recordings = _recordings()
    is_test = np.arange(n) // len(orders) % TEST_EVERY == TEST_EVERY - 1
    for i in range(n):
        rng = np.random.default_rng([seed, i])
        speaker = speakers[rng.integers(len(speakers))]
        parts, said = [_silence(rng, margins)], []
        for digit in orders[i % len(orders)]:
            takes = recordings[digit, speaker]
            test = sorted(take for take in takes if take < TEST_TAKES)
            take = rng.choice(test if is_test[i] else sorted(set(takes) - set(test)))
            parts += [takes[take], _silence(rng, pauses)]
            said.append(f"{digit} take {take}")
        parts[-1] = _silence(rng, margins)
        strip = np.concatenate(parts, axis=1)
        pictures.append(
            _with_background(strip, noise, rng)[..., None] if noise else strip[..., None]
        )
        sources.append(f"{speaker}: {', '.join(said)}")
    names = tuple("".join(map(str, order)) for order in orders)
    return _as_set(pictures, names, sources, "spoken3", is_test)


def listen(order="170", speaker="jackson", pause=20):
    """Return a strip of spoken digits and its sound.

    Args:
        order: Digits out of 0, 1 and 7, str. Default "170".
        speaker: A name from `SPEAKERS`. Default "jackson".
        pause: Silent columns between two digits, int. Default 20, which is 0.32 s.

    Returns:
        `(strip, sound, rate)`: an ImageSet of one strip, float64 samples from -1 to 1, and how
        many of them a second.

    Raises:
        TutorError: There is no such speaker or digit.

    Example:
        >>> strip, sound, rate = rt.strips.listen("07")
        >>> strip.shape[0], rate
        (16, 8000)
    """
    check_known("speaker", speaker, SPEAKERS)
    check_whole("pause", pause, at_least=0)
    if not order or set(order) - set(map(str, DIGITS)):
        raise TutorError(f"order is made of the digits 0, 1 and 7; received {order!r}.")
    recordings, parts, sounds = _recordings(), [], []
    columns = 8000 / json.loads((DATA / "spoken3.json").read_text("utf-8"))["columns_per_second"]
    with np.load(DATA / "spoken3_sounds.npz", allow_pickle=False) as file:
        for digit in order:
            parts += [recordings[int(digit), speaker][0], np.zeros((16, pause), np.uint8)]
            sounds += [file[f"{digit}_{speaker}"] / 127, np.zeros(round(pause * columns))]
    strip = np.concatenate(parts[:-1], axis=1)[None, ..., None]
    return ImageSet(strip, name=f"{order}, {speaker}"), np.concatenate(sounds[:-1]), 8000


def tunes(n=600, *, notes=("do", "mi", "so"), rests=(4, 40), margins=(0, 0), noise=0.03, seed=0):
    """Draw n tunes on a staff, whose classes are the orders of the notes, in turn.

    Args:
        n: How many, int. Default 600.
        notes: Names of two to four notes, from `PITCHES`. Default do, mi, so: six orders.
        rests: Fewest and most pixels of empty staff between two notes. Default (4, 40).
        margins: The same before the first note and behind the last. Default (0, 0).
        noise: Standard deviation of Gaussian noise, where white is 1. Default 0.03.
        seed: Int from 0. Default 0.

    Returns:
        An ImageSet of strips with labels, 32 pixels high.

    Raises:
        TutorError: A setting cannot be drawn.

    Example:
        >>> rt.strips.tunes(6).class_names[:2]
        ('do mi so', 'do so mi')
    """
    notes = tuple(notes)
    for note in notes:
        check_known("note", note, PITCHES)
    if not 2 <= len(notes) <= 4 or len(set(notes)) < len(notes):
        raise TutorError(f"A tune has two to four different notes; received {notes}.")
    rests, margins = _span("rests", rests), _span("margins", margins)

    def draw(order, rng):
        gaps = [_between(rng, margins), *(_between(rng, rests) for _ in order[1:])]
        length = rng.uniform(9, 12)  # of a note's head with the room around it
        starts = np.cumsum(gaps) + np.arange(len(order)) * length
        width = int(starts[-1] + length + _between(rng, margins))
        strip, ink = np.zeros((32, width), np.uint8), int(rng.uniform(190, 256))
        for line in range(5):
            strip[6 + 5 * line] = ink // 3
        for note, start in zip(order, starts, strict=True):
            x, y = start + length / 2, 26 - 2.5 * PITCHES[note]
            _ellipse(strip, x, y, length * 0.38, rng.uniform(2.0, 2.6), ink)
            side, up = (1, -1) if PITCHES[note] < 4 else (-1, 1)
            stem = round(x + side * length * 0.34)
            cv2.line(strip, (stem, round(y)), (stem, round(y + up * rng.uniform(11, 14))), ink, 1)
        return strip

    return _drawn_set(n, list(permutations(notes)), draw, noise, seed, "tunes")


def words(
    n=600,
    *,
    words=("opts", "post", "pots", "spot", "stop", "tops"),
    fonts=FONTS,
    spacing=(0, 6),
    noise=0.03,
    seed=0,
):
    """Draw n words in several fonts, whose classes are the words, in turn.

    Args:
        n: How many, int. Default 600.
        words: Different words, str. Default: six of the same four letters.
        fonts: Names of fonts that matplotlib ships, or paths of font files. Default `FONTS`.
        spacing: Fewest and most pixels added between two letters. Default (0, 6).
        noise: Standard deviation of Gaussian noise, where white is 1. Default 0.03.
        seed: Int from 0. Default 0.

    Returns:
        An ImageSet of strips with labels, 32 pixels high.

    Raises:
        TutorError: A setting cannot be drawn.

    Example:
        >>> rt.strips.words(4, words=("tea", "eat")).class_of_each
        ['tea', 'eat', 'tea', 'eat']
    """
    fonts, spacing = _several(fonts), _span("spacing", spacing)

    def draw(word, rng):
        font = _font(fonts[rng.integers(len(fonts))], int(rng.integers(18, 25)))
        gaps = [_between(rng, spacing) for _ in word]
        starts = np.cumsum([2, *(font.getlength(c) + g for c, g in zip(word, gaps, strict=True))])
        image = Image.new("L", (int(starts[-1] - gaps[-1]) + 4, 32))
        base, ink = int(rng.integers(21, 25)), int(rng.integers(190, 256))
        for letter, start in zip(word, starts, strict=False):
            ImageDraw.Draw(image).text((start, base), letter, fill=ink, font=font, anchor="ls")
        return np.asarray(image)

    return _drawn_set(n, _different("words", words), draw, noise, seed, "words")


def morse(n=600, *, words=("ate", "eat", "eta", "tea"), speed=(2, 5), noise=0.03, seed=0):
    """Draw n words in Morse code, whose classes are the words, in turn.

    A dot is one unit long, a dash three. Gaps are one unit in a letter, and three between letters.
    All of them vary by a quarter.

    Args:
        n: How many, int. Default 600.
        words: Different words of the letters a to z, str. Default: four of the same three letters.
        speed: Shortest and longest unit in pixels, which each strip draws for itself. Default
            (2, 5).
        noise: Standard deviation of Gaussian noise, where white is 1. Default 0.03.
        seed: Int from 0. Default 0.

    Returns:
        An ImageSet of strips with labels, 16 pixels high.

    Raises:
        TutorError: A setting cannot be drawn.

    Example:
        >>> rt.strips.morse(4).shape
        (16, None, 1)
    """
    names, speed = _different("words", words), _span("speed", speed, at_least=1)
    for name in names:
        if set(name) - set(MORSE):
            raise TutorError(f"Words in Morse code are made of a to z; received {name!r}.")

    def draw(word, rng):
        unit, ink = rng.uniform(*speed), int(rng.uniform(190, 256))
        length = lambda units: max(1, round(units * unit * rng.uniform(0.75, 1.25)))  # noqa: E731
        parts = []
        for letter in word:
            for sign in MORSE[letter]:
                bar = np.zeros((16, length(1 if sign == "." else 3)), np.uint8)
                bar[6:10] = ink
                parts += [bar, np.zeros((16, length(1)), np.uint8)]
            parts[-1] = np.zeros((16, length(3)), np.uint8)
        return np.concatenate(parts[:-1], axis=1)

    return _drawn_set(n, names, draw, noise, seed, "morse")


def _drawn_set(n, orders, draw, noise, seed, name):
    """Return n strips as `draw(order, rng)` draws them, the orders in turn, with noise."""
    n, seed = check_whole("n", n), check_whole("seed", seed, at_least=0)
    check_range("noise", noise, 0, 1)
    pictures = []
    for i in range(n):
        rng = np.random.default_rng([seed, i])
        strip = draw(orders[i % len(orders)], rng).astype(np.float64)
        strip += 255 * noise * rng.standard_normal(strip.shape)
        pictures.append(strip.round().clip(0, 255).astype(np.uint8)[..., None])
    names = tuple(order if isinstance(order, str) else " ".join(order) for order in orders)
    sources = [f"{name}, seed {seed}, image {i}" for i in range(n)]
    is_test = np.arange(n) // len(orders) % TEST_EVERY == TEST_EVERY - 1
    return _as_set(pictures, names, sources, name, is_test)


def _as_set(pictures, names, sources, name, is_test):
    pixels, widths = joined(pictures)
    labels = np.arange(len(pictures)) % len(names)
    return ImageSet(pixels, labels, names, tuple(sources), name, is_test, strip_widths=widths)


@cache
def _recordings():
    """Return {(digit, speaker): {take: `(16, columns)` uint8}}, checked by the sha256."""
    about = json.loads((DATA / "spoken3.json").read_text("utf-8"))
    try:
        with Image.open(DATA / "spoken3.png") as image:
            picture = np.asarray(image)
    except OSError as problem:
        raise TutorError(f"spoken3.png cannot be read ({problem}): install again.") from problem
    if sha256(picture.tobytes()) != about["sha256"]:
        raise TutorError("spoken3.png is damaged: install again.")
    found, start = {}, 0
    for digit, speaker, take, columns in about["recordings"]:
        found.setdefault((digit, speaker), {})[take] = picture[:, start : start + columns]
        start += columns
    return found


def _with_background(strip, level, rng):
    """Add background noise to a strip as sounds add up: their power, not their decibels."""
    height, width = strip.shape
    tilt = rng.uniform(-0.1, 0.1) * np.linspace(-1, 1, height)[:, None]
    drift = np.interp(
        np.arange(width),
        np.linspace(0, width, 2 + width // 25),
        rng.uniform(-0.08, 0.08, 2 + width // 25),
    )
    power = 10 ** (6 * (level + tilt + drift)) * rng.gamma(4, 1 / 4, strip.shape)
    power += 10 ** (strip * (6 / 255)) - 1
    return np.round(255 * np.log10(1 + power).clip(0, 6) / 6).astype(np.uint8)


def _silence(rng, span):
    return np.zeros((16, _between(rng, span)), np.uint8)


def _between(rng, span):
    return int(rng.integers(span[0], span[1] + 1))


def _ellipse(strip, x, y, across, down, ink):
    """Draw a note's head, slanted, with smooth edges: four binary places."""
    centre, axes = (round(16 * x), round(16 * y)), (round(16 * across), round(16 * down))
    cv2.ellipse(strip, centre, axes, -20, 0, 360, ink, cv2.FILLED, cv2.LINE_AA, 4)


@cache
def _font(name, size):
    import matplotlib

    shipped = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"
    try:
        return ImageFont.truetype(str(shipped if shipped.exists() else name), size)
    except OSError:
        raise TutorError(
            f"There is no font {name!r}: give the path of a font file, or names such as "
            f"{', '.join(FONTS[:3])}."
        ) from None


def _several(names):
    """Return a tuple of names; a single name is one of them."""
    names = (names,) if isinstance(names, str | Path) else tuple(names)
    if not names:
        raise TutorError("Expected one name or more; received none.")
    return names


def _different(what, names):
    names = _several(names)
    if len(set(names)) < 2 or len(set(names)) < len(names) or not all(names):
        raise TutorError(f"{what} are two or more different ones; received {names}.")
    return list(names)


def _span(name, span, at_least=0):
    """Return (fewest, most) pixels."""
    try:
        low, high = (check_whole(name, end, at_least) for end in span)
    except (TypeError, ValueError):
        low, high = 1, 0
    if low > high:
        raise TutorError(
            f"{name} are two whole numbers of pixels from {at_least}, the smaller first; received "
            f"{span!r}."
        )
    return low, high


STRIPS = {"spoken3": spoken3, "tunes": tunes, "words": words, "morse": morse}
