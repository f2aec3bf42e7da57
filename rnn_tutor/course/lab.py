"""JupyterLab on the course: no news toast, this Python's kernel, no setting touched.

Two folders are put on Jupyter's search paths for this one run: `data/jupyter` of the package, a
default for the notification settings, and one in the course's hidden folder, a kernel that is the
Python which runs the server. Defaults yield to what the reader has set, and nothing is written into
the reader's configuration.
"""

import contextlib
import json
import logging
import os
import socket
import sys
from pathlib import Path
from urllib.parse import quote

from rnn_tutor._errors import TutorError
from rnn_tutor._folders import replace_folders, temporary_folder
from rnn_tutor._text import DATA
from rnn_tutor.course.notebooks import (
    FIRST,
    HIDDEN,
    lay_out,
    restore,
    shipped_notebooks,
    show_solutions,
)

DEFAULTS = DATA / "jupyter"


def lab(folder, restore_name=None, arguments=(), solutions=None) -> int:
    """Lay the course out in `folder` and serve it until the reader stops; return the exit status.

    Where JupyterLab already runs in the folder, or JupyterHub runs one for the reader, none is
    started: the address of that one is printed.

    Args:
        folder: Path; made where it is missing.
        restore_name: A notebook of which a fresh copy is wanted, such as "07". Default: none.
        arguments: List of str, passed on to JupyterLab. Default: none.
        solutions: False withholds the solutions of the exercises in this folder, True shows them
            again, None leaves it as it was. Default None.

    Raises:
        TutorError: The folder cannot be written to, or the notebook is not known.
    """
    replaced = replace_folders()  # asked first: Jupyter's paths depend on it
    folder, notebooks = prepare(folder, solutions), shipped_notebooks()
    opened = FIRST if FIRST in notebooks else next(iter(notebooks))
    if restore_name is not None:
        opened = restore(notebooks, folder, restore_name).name
        print(f"  A fresh copy is in {opened}; yours was left as it is.")
    if replaced:
        print(f"  Settings are kept in {temporary_folder()} (`rnn-tutor doctor` says why).")
    if (running := running_server(folder)) is not None:
        print("JupyterLab already runs in this folder. Open it in your browser at")
        print(f"    {address(running, opened)}")
        print("To stop it: Ctrl+C in the terminal in which it was started, then y.")
        return 0
    if (advice := hub_advice(folder, opened)) and not any("base_url" in a for a in arguments):
        print(advice)
        return 0
    where = "at the address below" if "--no-browser" in arguments else "and opens in your browser"
    print(f"JupyterLab starts now {where}. To stop it: Ctrl+C here, then y.", flush=True)
    return open_lab(folder, opened, arguments)


def prepare(folder, solutions=None) -> Path:
    """Lay the course out in `folder`, print what was done, and return the folder's full path.

    Args:
        folder: Path; made where it is missing.
        solutions: As in `lab`. Default None.

    Raises:
        TutorError: The folder cannot be written to.
    """
    folder = Path(folder).expanduser().resolve()
    print(f"The course is in {folder}")
    for sentence in lay_out(shipped_notebooks(), folder).sentences():
        print(f"  {sentence}")
    for sentence in show_solutions(folder, solutions):
        print(f"  {sentence}")
    return folder


def open_lab(folder: Path, notebook: str, arguments=()) -> int:
    """Serve `folder` with JupyterLab in this process, opened at `notebook`; return 0."""
    from jupyter_core.application import NoStart
    from jupyterlab.labapp import LabApp

    os.environ.update(search_paths(write_kernel(folder / HIDDEN / "jupyter")))
    # jupyter_server gives this time in milliseconds; tornado takes them for seconds, and warns.
    logging.getLogger("tornado.general").addFilter(
        lambda record: "websocket_ping_timeout" not in record.getMessage()
    )
    server = LabApp.initialize_server(argv=options(folder, notebook, arguments))
    if not server.identity_provider.token_generated:  # otherwise Jupyter prints it
        about = server.server_info() | {"token": ""}
        print(f"The address is {address(about, notebook)}", flush=True)
        if server.identity_provider.auth_enabled:
            print("It asks for the token or the password that you have set.", flush=True)
    if tunnel := tunnel_advice(server.port):
        print(tunnel, flush=True)
    with contextlib.suppress(NoStart):
        server.start()
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


def register_kernel() -> str:
    """Register this Python as the kernel "RNN Tutor" of the reader, and return its folder.

    Raises:
        TutorError: The reader's Jupyter folder cannot be written to.
    """
    from ipykernel.kernelspec import install

    try:
        return install(user=True, kernel_name="rnn-tutor", display_name="RNN Tutor")
    except OSError as error:
        raise TutorError(
            f"The kernel cannot be registered: {error}. Set JUPYTER_DATA_DIR to a folder that you "
            "may write to, or choose this Python by hand."
        ) from None


def search_paths(data: Path) -> dict[str, str]:
    """Return Jupyter's two search paths as environment variables, the course's folders in front."""
    return {
        "JUPYTER_PATH": _in_front(data, "JUPYTER_PATH"),
        "JUPYTER_CONFIG_PATH": _in_front(DEFAULTS, "JUPYTER_CONFIG_PATH"),
    }


def options(folder: Path, notebook: str, arguments=()) -> list[str]:
    """Return JupyterLab's options: the course's and the reader's, who wins where both set one."""
    ours = {
        "--log-level": "WARN",  # the address is printed all the same
        **_encryption(),
        "--ServerApp.root_dir": str(folder),
        "--LabApp.default_url": f"/lab/tree/{notebook}",
        # Which tabs are open belongs to the course's folder, not to the reader's other work.
        "--LabApp.workspaces_dir": str(folder / HIDDEN / "workspaces"),
    }
    theirs = {argument.split("=")[0] for argument in arguments}
    kept = [f"{name}={value}" for name, value in ours.items() if name not in theirs]
    return [*kept, *arguments]


def running_server(folder: Path) -> dict | None:
    """Return what Jupyter knows of this user's server that runs in a folder; None without one."""
    from jupyter_server.serverapp import list_running_servers

    try:
        servers = [s for s in list_running_servers() if Path(s.get("root_dir") or "").is_absolute()]
    except OSError:
        return None
    there = (s for s in servers if Path(s["root_dir"]).resolve() == folder and _answers(s))
    return next(there, None)


def address(server: dict, notebook: str) -> str:
    """Return the address at which a running server shows a notebook, with its token."""
    token = f"?token={server['token']}" if server.get("token") else ""
    return f"{server['url']}lab/tree/{quote(notebook)}{token}"


def hub_advice(folder: Path, notebook: str, environment=os.environ) -> str:
    """Return where to open the notebook on JupyterHub; "" on a machine without.

    The hub's proxy shows a reader the one server that it has started for them, and no other.
    """
    prefix = environment.get("JUPYTERHUB_SERVICE_PREFIX")
    if not prefix:
        return ""
    names = ("JUPYTERHUB_ROOT_DIR", "JUPYTER_SERVER_ROOT")
    root = next((environment[name] for name in names if environment.get(name)), Path.home())
    root = Path(root).expanduser().resolve()
    if not folder.is_relative_to(root):
        return (
            f"JupyterHub shows your files below {root}, and {folder} is not there. "
            "Name a folder that is: rnn-tutor lab FOLDER"
        )
    inside = (folder.relative_to(root) / notebook).as_posix()
    where = environment.get("JUPYTERHUB_PUBLIC_URL") or prefix
    return (
        "JupyterHub already runs JupyterLab for you; your browser could not reach another one.\n"
        f"Open {inside} in its list of files, or at the hub's address\n"
        f"    {where.rstrip('/')}/lab/tree/{quote(inside)}\n"
        "Should its notebooks not find rnn_tutor, run this once and choose the kernel RNN Tutor:\n"
        f"    {sys.executable} -m ipykernel install --user --name rnn-tutor "
        '--display-name "RNN Tutor"'
    )


def tunnel_advice(port: int, environment=os.environ) -> str:
    """Return how a browser elsewhere reaches a machine that is used by SSH; "" without SSH."""
    connection = environment.get("SSH_CONNECTION", "").split()
    if len(connection) != 4:
        return ""
    user = environment.get("USER") or environment.get("LOGNAME") or "USER"
    return (
        "You work here by SSH. For a browser on your own computer, run this there first:\n"
        f"    ssh -N -L {port}:localhost:{port} {user}@{connection[2]}"
    )


def _answers(server):
    """Return whether a server still listens: its process number may by now be another one's."""
    if server.get("sock"):
        return True
    host = server.get("hostname") or "localhost"
    host = "localhost" if host in ("0.0.0.0", "::", "*") else host
    try:
        socket.create_connection((host, server["port"]), timeout=2).close()
    except OSError:
        return False
    return True


def _encryption():
    """Return the option by which kernels encrypt what they send, where this Jupyter offers it.

    Without it, a kernel that could encrypt warns at every start that it does not.
    """
    import zmq
    from jupyter_server.services.kernels.kernelmanager import MappingKernelManager

    offered = MappingKernelManager.class_traits(config=True)
    if "transport_encryption" not in offered or not zmq.has("curve"):
        return {}
    return {"--MappingKernelManager.transport_encryption": "auto"}


def _in_front(folder, name):
    """Return a search path with a folder in front of what the environment variable holds."""
    already = os.environ.get(name)
    return os.pathsep.join([str(folder), already] if already else [str(folder)])
