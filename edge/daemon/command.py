"""Find out by which name this program was called, to repeat it in messages."""

import sys
from pathlib import Path

from edge.settings import INSTALLED, PROJECT

INSTALLED_NAME = "emotion-edge"


def command_name() -> str:
    """As it was typed to get here, and is typed again: `emotion-edge`, or `python -m edge` in the checkout."""
    installed = Path(sys.argv[0]).name == INSTALLED_NAME or INSTALLED in PROJECT.parents
    return INSTALLED_NAME if installed else "python -m edge"
