"""Make the shipped set photos5, five kinds of clothes on photographs.

    python data_scripts/make_photos5.py --from CLOTHING_ZIP [--to FOLDER]

CLOTHING_ZIP holds part of clothing-dataset-small: ten folders of photographs, the longer side
256 pixels. Its sha256 is compared before it is used.

The five kinds were chosen before anything was sorted, after the kinds of fashion5: pants for its
trousers, long sleeves for its pullovers, dresses, shoes for its sneakers. The source has no bags,
so hats, its only other accessory, take their place. Of each kind, the first 60 files are kept, but
for one that is not fit for a class. The shorter side becomes 128 pixels, and nothing is cut off.
"""

import argparse
import io
import json
import zipfile
from pathlib import Path

from PIL import Image

from rnn_tutor._text import DATA, sha256

KINDS = ("dress", "hat", "longsleeve", "pants", "shoes")
EACH, SIDE, QUALITY = 60, 128, 88
LEFT_OUT = {"hat/016.jpg"}  # a swear word in large letters
SHA256 = "935f3de5c4cf63e641acd418be85ef897d2a26c3ef96d84f200b80b273077526"


def shrunk(content):
    """Return the bytes of a JPEG file whose shorter side has `SIDE` pixels."""
    with Image.open(io.BytesIO(content)) as photograph:
        width, height = photograph.size
        share = SIDE / min(width, height)
        size = round(width * share), round(height * share)
        small = photograph.convert("RGB").resize(size, Image.Resampling.LANCZOS)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=QUALITY, optimize=True)
    return file.getvalue()


def main():
    """Write photos5.zip, and photos5.json that tells where it comes from."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--from", dest="source", type=Path, required=True, metavar="CLOTHING_ZIP")
    parser.add_argument("--to", type=Path, default=DATA, metavar="FOLDER")
    options = parser.parse_args()
    found = sha256(options.source.read_bytes())
    if found != SHA256:
        raise SystemExit(f"{options.source.name}: expected sha256 {SHA256}, found {found}.")
    path = options.to / "photos5.zip"
    with zipfile.ZipFile(options.source) as source, zipfile.ZipFile(path, "w") as target:
        for kind in KINDS:
            names = {name for name in source.namelist() if name.startswith(f"{kind}/")}
            for name in sorted(names - LEFT_OUT)[:EACH]:
                target.writestr(zipfile.ZipInfo(name), shrunk(source.read(name)))
    about = {
        "name": "photos5",
        "class_names": KINDS,
        "made_from": f"clothing-dataset-small (CC0), sha256 of the part used: {SHA256}",
        "made_by": "python data_scripts/make_photos5.py --from CLOTHING_ZIP",
        "kept": f"the first {EACH} photographs of each kind without {', '.join(LEFT_OUT)}, "
        f"shorter side {SIDE} pixels",
        "sha256": sha256(path.read_bytes()),
    }
    text = json.dumps(about, indent=2) + "\n"
    (options.to / "photos5.json").write_text(text, encoding="utf-8")
    print(f"{path.name}: {EACH * len(KINDS)} photographs, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
