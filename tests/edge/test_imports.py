"""`edge` stands alone: no TensorFlow on the Pi; `train` takes the contract from it and nothing else."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

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
    files = (path.relative_to(PROJECT) for path in (PROJECT / "edge").rglob("*.py") if "examples" not in path.parts)
    modules = [".".join(path.with_suffix("").parts).removesuffix(".__init__") for path in files]
    loaded = {name.split(".")[0] for name in _loaded_by(modules)}
    assert "cv2" in loaded
    assert not BANNED & loaded


LOG_READERS = ("edge.events", "edge.commands.export", "edge.commands.report", "edge.results", "edge.contract")


@pytest.mark.parametrize("module", LOG_READERS)
def test_what_reads_the_log_loads_neither_opencv_nor_a_detector(module: str) -> None:
    loaded = _loaded_by([module])
    assert module in loaded
    assert not [name for name in loaded if name.split(".")[0] == "cv2" or name.startswith("edge.vision")]


@pytest.mark.parametrize("module", ["edge.api", "edge.commands.benchmark", "edge.commands.doctor.examination"])
def test_only_run_needs_the_daemon(module: str) -> None:
    assert not [name for name in _loaded_by([module]) if name.startswith("edge.daemon")]


@pytest.mark.parametrize("module", ["edge.commands.start", "edge.daemon.pause", "edge.commands.watch"])
def test_light_commands_load_no_numpy(module: str) -> None:
    assert not {"numpy", "cv2"} & set(_loaded_by([module]))


def test_signals_are_heard_before_anything_slow_is_imported() -> None:
    slow = {"typing", "re", "argparse", "logging", "pathlib", "msgspec", "socket", "json"}
    code = "import sys; before = set(sys.modules); import edge.__main__; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert not slow & set(done.stdout.split())


def test_the_face_of_a_package_holds_no_logic() -> None:
    for path in (PROJECT / "edge").rglob("__init__.py"):
        if path.parent.name != "edge":  # whose face loads its names on first use
            tree = ast.parse(path.read_text())
            assert all(isinstance(node, ast.Expr | ast.ImportFrom | ast.Assign) for node in tree.body), path


def _loaded_by(modules: Sequence[str]) -> list[str]:
    """Every module that a fresh process holds after importing `modules`."""
    code = f"import importlib, sys\nfor name in {list(modules)}: importlib.import_module(name)\nprint(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return done.stdout.split()
