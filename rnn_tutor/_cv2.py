"""OpenCV for the other modules, with a plain sentence where it cannot be loaded.

Use it as `from rnn_tutor._cv2 import cv2`.
"""

from rnn_tutor._errors import TutorError

_REMEDY = (
    "OpenCV is installed but could not be loaded ({problem}). On a Linux machine without a screen, "
    "install Debian's package libgl1 (`sudo apt install libgl1`), or replace opencv-python by "
    "opencv-python-headless (`pip uninstall opencv-python`, `pip install opencv-python-headless`)."
)
_MISSING = "OpenCV is not installed: run `pip install opencv-python`."


def _load():
    """Import cv2 and return it; raise TutorError with the remedy where a library is missing."""
    try:
        import cv2
    except ModuleNotFoundError as problem:
        raise TutorError(_MISSING if problem.name == "cv2" else str(problem)) from problem
    except ImportError as problem:
        raise TutorError(_REMEDY.format(problem=problem)) from problem
    # A damaged file becomes one of our sentences, not a line on stderr.
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2


cv2 = _load()
