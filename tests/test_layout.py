"""Tests stand alone: what several need lies in tests/fakes, tests/program.py and beside it."""

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent


def imported(path: Path) -> Iterator[str]:
    """Every module, and every name, that `path` imports."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield str(node.module)
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def test_no_test_imports_a_conftest_or_another_test() -> None:
    for path in TESTS.rglob("*.py"):
        for name in imported(path):
            last = name.split(".")[-1]
            if name.startswith("tests.") and not name.startswith("tests.browser."):  # whose conftest is a library, too
                assert last != "conftest", path
                assert not (last.startswith("test_") and (TESTS.parent / f"{name.replace('.', '/')}.py").exists()), path


def test_benchmarks_and_studies_are_run_as_modules() -> None:
    for folder in ("benchmarks", "studies"):
        for path in (TESTS / folder).glob("*.py"):
            assert "sys.path" not in path.read_text(), path
