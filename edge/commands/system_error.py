"""Say in our own way what the operating system refused: which file, why, and what to do."""

import errno

from edge.errors import EdgeError
from edge.source import HIDDEN

ELSEWHERE = "choose a place where this user may write"
NO_FOLDER = "a file stands where a folder is needed: give another name"
REMEDIES = {
    errno.ENOENT: "check the name: a folder to write into must be there already",
    errno.EACCES: ELSEWHERE,
    errno.EPERM: ELSEWHERE,
    errno.EROFS: ELSEWHERE,
    errno.EISDIR: "give the name of a file",
    errno.EEXIST: NO_FOLDER,
    errno.ENOTDIR: NO_FOLDER,
    errno.ENAMETOOLONG: "give a shorter name",
    errno.ENOSPC: "free space, or write elsewhere",
}


def explain(error: OSError) -> EdgeError:
    """The error to show in the place of `error`."""
    reason = error.strerror or str(error) or "the system gave no reason"
    name = str(error.filename or "")
    where = f"{HIDDEN if '://' in name else name}: " if name else ""
    return EdgeError(f"{where}{reason[0].lower()}{reason[1:]}", REMEDIES.get(error.errno or 0, ""))
