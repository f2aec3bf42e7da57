"""Make the shipped set spoken3 from the Free Spoken Digit Dataset.

    python data_scripts/make_spoken3.py --from recordings.zip [--to FOLDER]

The zip holds one WAV file a recording, named digit_speaker_take.wav, 8 kHz. Each recording of the
digits 0, 1 and 7 becomes a log-mel picture: 16 bands from 100 Hz to 4 kHz, the highest on top, and
a column every 16 ms from a window of 32 ms. White is the loudest value of the recording, black is
60 dB or more below it. Silence at both ends is cut. All pictures stand side by side in one PNG.
The sound of the first take of each speaker and digit is kept beside it, for the ear.
"""

import argparse
import hashlib
import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.io import wavfile
from scipy.signal import get_window

DATA = Path(__file__).resolve().parent.parent / "rnn_tutor" / "data"
DIGITS = (0, 1, 7)
RATE, WINDOW, HOP = 8000, 256, 128  # samples a second, a window, a column
BANDS, LOWEST, DECIBELS = 16, 100, 60
LEVELS = 60  # grey levels, one a decibel: the file is a third smaller than with 255
SILENT = 64  # of 255; columns at the ends that stay below it are cut


def mel_bands():
    """Return the triangular filters, (bands, frequencies); the first band is the highest."""
    lowest, highest = (2595 * np.log10(1 + f / 700) for f in (LOWEST, RATE / 2))  # hertz to mel
    corners = 700 * (10 ** (np.linspace(lowest, highest, BANDS + 2) / 2595) - 1)
    frequencies = np.fft.rfftfreq(WINDOW, 1 / RATE)
    up = (frequencies - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    down = (corners[2:, None] - frequencies) / (corners[2:] - corners[1:-1])[:, None]
    return np.clip(np.minimum(up, down), 0, None)[::-1]


def log_mel(sound):
    """Return the picture of a recording, (bands, columns) uint8."""
    padded = np.pad(sound.astype(np.float64), WINDOW // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(frames * get_window("hann", WINDOW))) ** 2
    bands = mel_bands() @ power.T
    decibels = 10 * np.log10(np.maximum(bands, 1e-9) / bands.max())
    levels = np.round(LEVELS * np.clip(1 + decibels / DECIBELS, 0, 1))
    picture = np.round(levels * (255 / LEVELS)).astype(np.uint8)
    loud = np.flatnonzero(picture.max(axis=0) >= SILENT)
    return picture[:, loud[0] : loud[-1] + 1]


def recordings(archive):
    """Yield (digit, speaker, take, sound) of the kept recordings, in a fixed order."""
    found = []
    for name in archive.namelist():
        match = re.fullmatch(r"(\d)_(\w+)_(\d+)\.wav", name)
        if match and int(match[1]) in DIGITS:
            found.append((int(match[1]), match[2], int(match[3]), name))
    for digit, speaker, take, name in sorted(found):
        rate, sound = wavfile.read(io.BytesIO(archive.read(name)))
        if rate != RATE or sound.ndim != 1:
            raise SystemExit(f"{name}: expected one channel at {RATE} Hz, found {rate} Hz.")
        yield digit, speaker, take, sound


def build(path):
    """Return (picture of all recordings, sounds, what spoken3.json says)."""
    pictures, rows, sounds = [], [], {}
    with zipfile.ZipFile(path) as archive:
        for digit, speaker, take, sound in recordings(archive):
            pictures.append(log_mel(sound))
            rows.append([digit, speaker, take, pictures[-1].shape[1]])
            if take == 0:
                loudest = np.abs(sound.astype(np.float64)).max()
                sounds[f"{digit}_{speaker}"] = np.round(127 * sound / loudest).astype(np.int8)
    picture = np.concatenate(pictures, axis=1)
    about = {
        "name": "spoken3",
        "made_from": "Free Spoken Digit Dataset (Jackson and others, CC BY-SA 4.0)",
        "made_by": "python data_scripts/make_spoken3.py --from recordings.zip",
        "sha256 of recordings.zip": hashlib.sha256(Path(path).read_bytes()).hexdigest(),
        "sha256": hashlib.sha256(picture.tobytes()).hexdigest(),
        "columns_per_second": RATE / HOP,
        "decibels": DECIBELS,
        "fields": ["digit", "speaker", "take", "columns"],
        "recordings": rows,
    }
    return picture, sounds, about


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="source", type=Path, required=True, metavar="ZIP")
    parser.add_argument("--to", type=Path, default=DATA, metavar="FOLDER")
    options = parser.parse_args()
    picture, sounds, about = build(options.source)
    options.to.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(options.to / "spoken3.png", optimize=True)
    np.savez_compressed(options.to / "spoken3_sounds.npz", **sounds)
    rows = about.pop("recordings")
    head = json.dumps(about, indent=2)[:-2]
    listed = ",\n".join("    " + json.dumps(row) for row in rows)
    text = f'{head},\n  "recordings": [\n{listed}\n  ]\n}}\n'
    (options.to / "spoken3.json").write_text(text, encoding="utf-8")
    for name in ("spoken3.png", "spoken3_sounds.npz", "spoken3.json"):
        print(f"{name}: {(options.to / name).stat().st_size / 1e6:.3f} MB")


if __name__ == "__main__":
    main()
