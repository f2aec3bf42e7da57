"""The course on the reader's machine: its notebooks, JupyterLab, the doctor, stored results."""
