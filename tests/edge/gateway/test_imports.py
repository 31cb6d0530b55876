"""The gateway has the network, so it must not be able to open a camera or a model."""

import ast
import subprocess
import sys

from edge.settings import PROJECT

ROOM = PROJECT / "edge" / "gateway"
BANNED = ("edge.vision", "edge.cameras", "edge.daemon.service")
HEAVY = {"cv2", "pandas", "plotly", "ai_edge_litert", "tflite_runtime"}


def test_the_gateway_names_neither_vision_nor_cameras() -> None:
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
            module = getattr(node, "module", None) or ""
            for name in (module, *names, *(f"{module}.{name}" for name in names)):
                assert not name.startswith(BANNED), (path, name)


def test_a_fresh_process_with_all_of_the_gateway_loads_neither() -> None:
    paths = (path.relative_to(PROJECT).with_suffix("") for path in ROOM.rglob("*.py"))
    modules = [".".join(path.parts).removesuffix(".__init__") for path in paths]
    modules += ["edge.commands.gateway", "edge.commands.notice", "edge.__main__"]
    code = f"import importlib, sys\nfor name in {modules}: importlib.import_module(name)\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert not [name for name in loaded if name.startswith(BANNED)]
    assert not HEAVY & set(loaded)
