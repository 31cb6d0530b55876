"""List the files of a folder and its subfolders, without what systems and programs leave there (.DS_Store)."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from edge.cameras.media.regular import shown

JUNK_NAMES = frozenset(
    (
        ".DS_Store",
        "__MACOSX",
        ".thumbnails",
        ".ipynb_checkpoints",
        "Thumbs.db",
        "desktop.ini",
        "@eaDir",
    )
)
JUNK_PREFIX = "._"  # macOS keeps a file's notes beside it on foreign disks: ._a.jpg


@dataclass
class Listing:
    files: list[Path] = field(default_factory=list)
    """by name"""
    problems: list[str] = field(default_factory=list)
    """what could not be looked into, and why"""


def is_junk(name: str) -> bool:
    """Whether a file or folder of this name is some program's, not a person's."""
    return name in JUNK_NAMES or name.startswith(JUNK_PREFIX)


def files_in(folder: Path) -> Listing:
    """List every file of `folder` and its subfolders, without junk.

    Links to folders are reported, not followed: they may lead back to where they lie.
    """
    listing = Listing()

    def note(error: OSError) -> None:
        listing.problems.append(f"{shown(error.filename)}: cannot be read ({error.strerror})")

    for parent, folders, files in os.walk(folder, onerror=note):
        folders[:] = [name for name in folders if not is_junk(name)]
        listing.files += [Path(parent, name) for name in files if not is_junk(name)]
        for name in folders:
            path = Path(parent, name)
            if path.is_symlink():
                listing.problems.append(f"{shown(path)}: a link to a folder, not followed; name that folder as well")
    listing.files.sort()
    listing.problems.sort()
    return listing
