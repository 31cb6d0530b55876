"""Judge discovery messages, one a line, by Home Assistant's own schemas, whose other parts are stood in for.

    pip download --no-deps --ignore-requires-python homeassistant==2026.2.3 and unzip it to FOLDER/wheel
    pip install --target FOLDER/site voluptuous voluptuous-serialize voluptuous-openapi awesomeversion attrs yarl \
        python-slugify jinja2 orjson propcache aiohttp multidict pyyaml packaging
    EMOTION_EDGE_HOME_ASSISTANT=FOLDER python3.13 -m pytest tests/edge/gateway/mqtt/test_discovery.py

The wheel wants Python 3.13.2; its schemas do with 3.13.0. What is not in FOLDER is an empty shell.
"""

import importlib
import importlib.abc
import importlib.machinery
import json
import os
import sys
import types
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import MagicMock

FOLDER = os.environ.get("EMOTION_EDGE_HOME_ASSISTANT", "")


class Shell(types.ModuleType):
    """A module that has whatever is asked of it."""

    __path__: ClassVar[list[str]] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        made: Any = MagicMock(name=name)
        if name[:1].isupper():
            base = (Exception,) if name.endswith(("Error", "Exception")) else ()
            made = type(name, base, {"__init__": lambda self, *args, **options: None})
            made.__init_subclass__ = classmethod(lambda cls, **options: None)
            made.__class_getitem__ = classmethod(lambda cls, item: cls)
        setattr(self, name, made)
        return made


class Shells(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a shell for everything that is not in the folder."""

    def __init__(self, folder: Path) -> None:
        self._real = {"homeassistant"} | {path.name.split(".")[0] for path in (folder / "site").iterdir()}

    def find_spec(self, name: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        if name.split(".")[0] in self._real:
            return None
        return importlib.machinery.ModuleSpec(name, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return Shell(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        pass


def judge(payload: dict[str, Any]) -> list[str]:
    """Names of the entities that Home Assistant takes; raises its own error where it refuses anything."""
    validation = importlib.import_module("homeassistant.helpers.config_validation")
    validation.template = str  # type: ignore[attr-defined]  # it wants a running Home Assistant
    discovery = importlib.import_module("homeassistant.components.mqtt.discovery")
    schemas = importlib.import_module("homeassistant.components.mqtt.schemas")
    discovery._replace_all_abbreviations(payload)
    owner: Any = schemas if hasattr(schemas, "DEVICE_DISCOVERY_SCHEMA") else discovery
    owner.DEVICE_DISCOVERY_SCHEMA(payload)
    shared = {key: value for key, value in payload.items() if key in (*discovery.SHARED_OPTIONS, "device", "origin")}
    for component in payload["components"].values():
        platform = component.pop("platform")
        module = importlib.import_module(f"homeassistant.components.mqtt.{platform}")
        module.DISCOVERY_SCHEMA(shared | component)
    return list(payload["components"])


def main() -> int:
    sys.path[:0] = [str(Path(FOLDER, "site")), str(Path(FOLDER, "wheel"))]
    sys.meta_path.append(Shells(Path(FOLDER)))
    for line in sys.stdin:
        print("accepted:", *judge(json.loads(line)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
