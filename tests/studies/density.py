"""Count how dense the code is: `python -m tests.studies.density [--files] [FOLDER ...]`, a row for each folder.

The counts stand for readability, not for quality: a line or a statement that holds one thought is short, has few
parts and unpacks nothing. The yardstick: at most 1 tuple assignment and 3 comprehensions in 100 statements, and a mean
line of at most 48 characters. `--files` lists the files that are over it, so that one sees where to look.
"""

import argparse
import ast
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FOLDERS = ("edge", "train", "convert", "systemd/hub", "tests")
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
MAX_TUPLES = 1.0
MAX_COMPREHENSIONS = 3.0
MAX_LINE = 48.0


@dataclass(frozen=True)
class Code:
    """What was counted in some files."""

    file_lines: tuple[int, ...]
    function_lines: tuple[int, ...]
    """nested functions and methods count, too"""
    statements: int
    nodes: int
    tuples: int
    """assignments such as `a, b = 1, 2` or `a, b = (f(x) for x in pair)`; not `a, b = f()`"""
    comprehensions: int
    line_lengths: tuple[int, ...]
    """of all lines but empty ones"""

    @property
    def tuples_percent(self) -> float:
        return 100 * self.tuples / max(self.statements, 1)

    @property
    def comprehensions_percent(self) -> float:
        return 100 * self.comprehensions / max(self.statements, 1)

    @property
    def mean_line(self) -> float:
        return statistics.fmean(self.line_lengths or (0,))

    @property
    def is_dense(self) -> bool:
        return (
            self.tuples_percent > MAX_TUPLES
            or self.comprehensions_percent > MAX_COMPREHENSIONS
            or self.mean_line > MAX_LINE
        )


def count(paths: Iterable[Path]) -> Code:
    """Count the Python files `paths` as one."""
    texts = [path.read_text(encoding="utf-8") for path in paths]
    nodes = [node for text in texts for node in ast.walk(ast.parse(text))]
    lines = [line for text in texts for line in text.splitlines() if line.strip()]
    return Code(
        file_lines=tuple(len(text.splitlines()) for text in texts),
        function_lines=tuple(_lines(node) for node in nodes if isinstance(node, FUNCTIONS)),
        statements=sum(isinstance(node, ast.stmt) for node in nodes),
        nodes=len(nodes),
        tuples=sum(map(_unpacks, nodes)),
        comprehensions=sum(isinstance(node, COMPREHENSIONS) for node in nodes),
        line_lengths=tuple(map(len, lines)),
    )


def _lines(function: ast.AST) -> int:
    assert isinstance(function, FUNCTIONS)
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _unpacks(node: ast.AST) -> bool:
    if not isinstance(node, ast.Assign):
        return False
    has_names = any(isinstance(target, ast.Tuple | ast.List) for target in node.targets)
    return has_names and isinstance(node.value, ast.Tuple | ast.List | ast.GeneratorExp | ast.ListComp)


def percentile(values: Iterable[int], percent: int) -> int:
    """The nearest rank's value; 0 where there is none."""
    ordered = sorted(values)
    return ordered[max(0, -(-percent * len(ordered) // 100) - 1)] if ordered else 0


def row(name: str, code: Code) -> str:
    spread = (
        f"{percentile(code.file_lines, 50)} / {percentile(code.file_lines, 95)} / {percentile(code.file_lines, 100)}"
    )
    functions = code.function_lines
    return " | ".join(
        (
            f"| {name}",
            f"{len(code.file_lines)}",
            f"{sum(code.file_lines):,}",
            spread,
            f"{len(functions)}",
            f"{percentile(functions, 50)} / {percentile(functions, 95)} / {percentile(functions, 100)}",
            f"{code.nodes / max(code.statements, 1):.1f}",
            f"{code.comprehensions_percent:.2f}",
            f"{code.tuples_percent:.2f}",
            f"{code.mean_line:.1f} |",
        )
    )


HEAD = (
    "| folder | files | lines | file p50 / p95 / max | functions | function p50 / p95 / max | nodes a statement "
    "| comprehensions / 100 | tuple assignments / 100 | mean line |\n|" + "---|" * 10
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", default=FOLDERS, metavar="FOLDER")
    parser.add_argument("--files", action="store_true", help="also list the files over the yardstick")
    args = parser.parse_args()
    print(HEAD)
    for folder in args.folders:
        print(row(folder, count(sorted(Path(folder).rglob("*.py")))))
    for path in sorted(path for folder in args.folders for path in Path(folder).rglob("*.py")) if args.files else ():
        if (code := count([path])).is_dense:
            print(row(str(path), code))


if __name__ == "__main__":
    main()
