"""Completion of `emotion-edge` in a shell: scripts made by shtab from the parser, so that no Python starts at a TAB.

python -m edge.commands.completion
"""

from pathlib import Path
from typing import Literal

from edge.daemon.command import INSTALLED_NAME

Shell = Literal["bash", "zsh"]

FOLDER = Path(__file__).parent / "completions"
# as each shell looks for them
FILES: dict[Shell, str] = {"bash": INSTALLED_NAME, "zsh": f"_{INSTALLED_NAME}"}


def script(shell: Shell) -> str:
    """The script that came along."""
    return (FOLDER / FILES[shell]).read_text(encoding="utf-8")


def make(shell: Shell) -> str:
    """Make the script anew; needs shtab, which only developers have (tests/requirements.txt)."""
    import shtab

    from edge.commands.parser import make_parser

    parser = make_parser()
    parser.prog = INSTALLED_NAME
    return str(shtab.complete(parser, shell)).rstrip() + "\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, file in FILES.items():
        (FOLDER / file).write_text(make(name), encoding="utf-8")
