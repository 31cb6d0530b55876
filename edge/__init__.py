"""Everything that ships to the Raspberry Pi: camera, faces, emotions, event log, service.

For a program of your own: `Analyzer` gives the emotions of a frame, `annotate` draws them into it. Both are loaded on
first use, so that `import edge` stays light.
"""

TYPE_CHECKING = False  # as in `typing`, whose import takes 10 ms: `run` listens to signals before that
if TYPE_CHECKING:
    from edge.api import Analyzer
    from edge.contract import LABELS
    from edge.drawing import annotate
    from edge.errors import EdgeError
    from edge.results import FaceEmotion

__all__ = ["LABELS", "Analyzer", "EdgeError", "FaceEmotion", "annotate"]
__version__ = "0.1.0"

_MODULES = {
    "Analyzer": "edge.api",
    "EdgeError": "edge.errors",
    "FaceEmotion": "edge.results",
    "LABELS": "edge.contract",
    "annotate": "edge.drawing",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'edge' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULES[name]), name)
