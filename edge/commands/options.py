"""An option that most commands have."""

import argparse
from pathlib import Path


def add_config(parser: argparse._ActionsContainer) -> None:
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML (default: built-in settings)")
