"""The notebook runs from top to bottom on a small sample, shows its pictures, and is saved with its outputs.

FER2013's faces are not saved with it.
"""

import json
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.synthetic import faces, write_csv

NOTEBOOK = Path(__file__).resolve().parents[2] / "train" / "facial_emotion_classification.ipynb"


def execute(notebook: nbformat.NotebookNode) -> None:
    NotebookClient(notebook, timeout=1200, resources={"metadata": {"path": NOTEBOOK.parent}}).execute()


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> nbformat.NotebookNode:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("EPOCHS", "6")
    return nbformat.read(NOTEBOOK, as_version=4)


def test_it_runs_from_top_to_bottom(
    notebook: nbformat.NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_csv(tmp_path / "sample.csv", {"Training": faces(192, 1), "PublicTest": faces(20, 2)})
    monkeypatch.setenv("FER2013", str(data))
    execute(notebook)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 4  # samples, curves, confusion, photo
    text = "".join(output.get("text", "") for output in outputs)
    assert "of 140 validation faces are right" in text
    assert "kB as int8" in text
    assert text.splitlines()[-1].startswith("angry ")  # the portrait's face was found


def test_without_the_data_it_says_how_to_get_it(
    notebook: nbformat.NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FER2013", str(tmp_path / "none.csv"))
    with pytest.raises(CellExecutionError, match=r"FER2013 is not at .*none\.csv\. Get it from kaggle\.com"):
        execute(notebook)


def test_it_is_saved_with_its_outputs_and_says_how_to_start_it() -> None:
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    assert "jupyter notebook train/facial_emotion_classification.ipynb" in cells[0].source
    assert (NOTEBOOK.parent / "requirements-notebook.txt").read_text().splitlines()[1].startswith("notebook==")
    counts = [cell.execution_count for cell in cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    pictures = [output for output in saved(cells) if "image/png" in output.get("data", {})]
    assert len(pictures) == 3  # curves, confusion, photo
    assert "validation faces are right" in json.dumps(saved(cells))


def test_no_face_of_fer2013_and_no_place_on_a_machine_is_saved() -> None:
    """FER2013 may not be handed on."""
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    shows_faces = [cell for cell in cells if "shows-fer2013" in cell.metadata.get("tags", [])]
    assert [set(output.data) for cell in shows_faces for output in cell.outputs] == [{"text/plain"}]
    text = json.dumps([{**output, "data": output.get("data", {}).get("text/plain")} for output in saved(cells)])
    assert not re.search(r"(?<![.\w])/(home|tmp|work|root|usr)/", text)


def saved(cells: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    return [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]
