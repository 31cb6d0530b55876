"""`edge` stands alone: no TensorFlow on the Pi; `train` takes the contract from it and nothing else."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from edge.settings import PROJECT

BANNED = {"tensorflow", "keras", "train", "convert"}


def imports(path: Path) -> Iterator[str]:
    """Every module that `path` names in an import, those inside of functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_edge_names_no_banned_module() -> None:
    for path in (PROJECT / "edge").rglob("*.py"):
        assert not BANNED & {name.split(".")[0] for name in imports(path)}, path


def test_train_takes_only_the_contract_from_edge() -> None:
    for path in (PROJECT / "train").rglob("*.py"):
        taken = [name for name in imports(path) if name.split(".")[0] == "edge"]
        assert all(name.startswith("edge.contract.") for name in taken), (path, taken)


def test_importing_all_of_edge_loads_no_banned_module() -> None:
    files = (path.relative_to(PROJECT) for path in (PROJECT / "edge").rglob("*.py"))
    modules = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files]
    code = f"import importlib, sys\nfor name in {modules}: importlib.import_module(name)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert "cv2" in loaded
    assert not BANNED & loaded
