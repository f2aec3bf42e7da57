"""The CSV file of `Labels`: one row for each image, readable in a spreadsheet and safe there."""

import csv
import io
import re
import unicodedata

from rnn_tutor._errors import TutorError
from rnn_tutor._text import atomic_write, natural_key

COLUMNS = ["source", "class", "sha256"]
FORMULA = r"(?='*[=+\-@\t\r\n])"  # what a spreadsheet would take for one: a ' is put before it
REMEDY = 'or name another file: rt.Labels(images, "other.csv")'


def read(path):
    """Return the rows, {key of the pixels: (source, class)}; none where there is no file.

    Raises:
        TutorError: The file cannot be read, or it does not hold labels.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
        # In some countries spreadsheets save with semicolons.
        comma = max(",;\t", key=text.partition("\n")[0].count)
        return _rows(csv.reader(io.StringIO(text, ""), delimiter=comma))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise TutorError(f"{path} cannot be read: {error.strerror}. Mend that, {REMEDY}.") from None
    except (ValueError, csv.Error) as error:
        what = "it is not UTF-8" if isinstance(error, UnicodeError) else error
        raise TutorError(
            f"{path} is no file of labels, or is damaged: {what}. Expected is UTF-8, the first "
            f"line {','.join(COLUMNS)}, and such lines as bags/7.jpg,Bag,sha256:0123456789abcdef. "
            f"Mend the file or move it away, {REMEDY}."
        ) from None


def write(path, rows):
    """Write the file whole or not at all, in the order of the sources.

    Raises:
        TutorError: The file cannot be written.
    """
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(COLUMNS)
    for key in sorted(rows, key=lambda key: (natural_key(rows[key][0]), key)):
        table.writerow([*(re.sub(f"^{FORMULA}", "'", field) for field in rows[key]), key])
    try:
        atomic_write(path, text.getvalue().encode("utf-8-sig"))  # the mark by which Excel knows it
    except OSError as error:
        raise TutorError(
            f"{path} cannot be written: {error.strerror}. Nothing was changed. Close it in other "
            f"programs, see that its folder can be written to, {REMEDY}."
        ) from None


def tidy(name):
    """Return one name for all that look the same; "" where there is nothing to see."""
    name = " ".join(unicodedata.normalize("NFC", name).split())
    return "" if re.search("[\0-\x1f\x7f-\x9f\ud800-\udfff]", name) else name


def _rows(lines):
    rows = {}
    if (head := next(lines, COLUMNS)) != COLUMNS:
        raise ValueError(f"it begins with {','.join(head)[:80]!r}")
    for line in filter(any, lines):
        said = f"line {lines.line_num}, {','.join(line)[:80]!r},"
        if len(line) != 3 or not re.fullmatch("sha256:[0-9a-f]{16}", line[2]):
            raise ValueError(f"{said} has no source, class and sha256")
        source, name = (re.sub(f"^'{FORMULA}", "", field) for field in line[:2])
        if not (name := tidy(name)):
            raise ValueError(f"{said} has no class")
        if rows.setdefault(line[2], (source, name))[1] != name:
            raise ValueError(f"{said} has another class than an earlier line of that picture")
    return rows
