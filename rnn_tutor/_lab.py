"""Opens JupyterLab on the course: no news toast, this Python's kernel, no setting touched.

Two folders are put on Jupyter's search paths for this one run: `data/jupyter` of the package, a
default for the notification settings, and one in the course's hidden folder, a kernel that is the
Python which runs the server. Defaults yield to what the reader has set, and nothing is written into
the reader's configuration.
"""

import json
import os
from pathlib import Path

from rnn_tutor._course import (
    FIRST,
    HIDDEN,
    lay_out,
    restore,
    shipped_notebooks,
    show_solutions,
)

DEFAULTS = Path(__file__).resolve().parent / "data" / "jupyter"


def lab(folder, restore_name=None, arguments=(), solutions=None) -> int:
    """Lay the course out in `folder` and serve it until the reader stops; returns the exit status.

    `restore_name` names a notebook of which a fresh copy is wanted; `arguments` are passed on to
    JupyterLab; `solutions` False withholds those of the exercises in this folder, True shows them
    again, None leaves it as it was. Raises TutorError when the folder cannot be written to or the
    notebook is not known.
    """
    folder = Path(folder).expanduser().resolve()
    notebooks = shipped_notebooks()
    print(f"The course is in {folder}")
    for sentence in lay_out(notebooks, folder).sentences():
        print(f"  {sentence}")
    for sentence in show_solutions(folder, solutions):
        print(f"  {sentence}")
    opened = FIRST if FIRST in notebooks else next(iter(notebooks))
    if restore_name is not None:
        opened = restore(notebooks, folder, restore_name).name
        print(f"  A fresh copy is in {opened}; yours was left as it is.")
        if is_served(folder):
            print("JupyterLab already runs there: open the fresh copy in its list of files.")
            return 0
    where = "at the address below" if "--no-browser" in arguments else "and opens in your browser"
    print(f"JupyterLab starts now {where}. To stop it: Ctrl+C here, then y.", flush=True)
    return open_lab(folder, opened, arguments)


def open_lab(folder: Path, notebook: str, arguments=()) -> int:
    """Serve `folder` with JupyterLab in this process, opened at `notebook`; returns 0."""
    from jupyterlab.labapp import LabApp

    os.environ.update(search_paths(write_kernel(folder / HIDDEN / "jupyter")))
    LabApp.launch_instance(argv=options(folder, notebook, arguments))
    return 0


def write_kernel(data: Path) -> Path:
    """Write the kernel "python3" that is this Python into a Jupyter data folder, and return that.

    Otherwise a kernel of the same name that the reader once installed from elsewhere may win.
    """
    from ipykernel.kernelspec import get_kernel_dict

    (data / "kernels" / "python3").mkdir(parents=True, exist_ok=True)
    kernel = json.dumps(get_kernel_dict(), indent=1)
    (data / "kernels" / "python3" / "kernel.json").write_text(kernel, encoding="utf-8")
    return data


def search_paths(data: Path) -> dict[str, str]:
    """Jupyter's two search paths as environment variables, with the course's folders in front."""
    return {
        "JUPYTER_PATH": _in_front(data, "JUPYTER_PATH"),
        "JUPYTER_CONFIG_PATH": _in_front(DEFAULTS, "JUPYTER_CONFIG_PATH"),
    }


def options(folder: Path, notebook: str, arguments=()) -> list[str]:
    """JupyterLab's options for the course, and the reader's; where both set one, the reader's."""
    ours = {
        "--log-level": "WARN",  # the address is printed all the same
        "--ServerApp.root_dir": str(folder),
        "--LabApp.default_url": f"/lab/tree/{notebook}",
        # Which tabs are open belongs to the course's folder, not to the reader's other work.
        "--LabApp.workspaces_dir": str(folder / HIDDEN / "workspaces"),
    }
    theirs = {argument.split("=")[0] for argument in arguments}
    kept = [f"{name}={value}" for name, value in ours.items() if name not in theirs]
    return [*kept, *arguments]


def is_served(folder: Path) -> bool:
    """Whether a Jupyter server of this user is already running on `folder`."""
    from jupyter_server.serverapp import list_running_servers

    roots = (server.get("root_dir") for server in list_running_servers())
    return any(root and Path(root).resolve() == folder for root in roots)


def _in_front(folder, name):
    already = os.environ.get(name)
    return os.pathsep.join([str(folder), already] if already else [str(folder)])
