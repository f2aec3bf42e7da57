"""What an `Inspection` found, as rows of images."""

from rnn_tutor.images.inspection import KINDS
from rnn_tutor.plots.figure import Picture, nothing
from rnn_tutor.plots.pictures import image_rows


def findings(inspection, n=8, title=None) -> Picture:
    """Draw up to n images of each kind of finding, a row for each kind.

    Args:
        inspection: An `Inspection`.
        n: How many images of each kind at most, int. Default 8.
        title: Title of the figure, str. Default: none.

    Returns:
        A `Picture`.

    Example:
        >>> images = rt.load_images("digits", limit=20)
        >>> rt.plots.findings(rt.Inspection(images + images[:3]))
        Picture: Rows of up to 3 pictures: duplicates (3)
    """
    found = {
        f"{KINDS[kind].title} ({len(indices):,})": inspection.images[indices[:n]]
        for kind, indices in inspection.findings.items()
        if len(indices)
    }
    if not found:
        return nothing("Nothing stands out: no duplicates, nothing blurred, dark or bright.", title)
    return image_rows(found, title)
