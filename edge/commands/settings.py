"""Show every setting: its value, where that comes from, what it means, and what else it may be."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from edge import settings
from edge.commands.settings_texts import Setting, all_settings, as_toml, explain
from edge.source import shown


def show(config: Path | None, stream: TextIO) -> None:
    """Write all settings as `config` gives them, None for the built-in ones. Raises SettingsError."""
    chosen = settings.load(config)
    tables = tomllib.loads(config.read_text(encoding="utf-8")) if config else {}
    origin = str(config.absolute()) if config else ""
    table = ""
    for setting in all_settings():
        if setting.table != table:
            table = setting.table
            stream.write(f"[{table}]\n")
        value = getattr(getattr(chosen, table), setting.key)
        is_set = setting.key in tables.get(table, {})
        stream.writelines(_lines(setting, value, origin if is_set else ""))
        stream.write("\n")
    stream.write(f"The event log is {settings.log_path(chosen).absolute()}.\n")


def _lines(setting: Setting, value: Any, origin: str) -> Iterable[str]:
    """The value with its `origin`, empty for the default, and the explanation below."""
    default = as_toml(setting.default)
    source = f"from {origin}; default: {default}" if origin else "default"
    yield f"{setting.key} = {_shown(setting, value)}    # {source}\n"
    for line in explain(setting, width=100):
        yield f"    {line}\n"


def _shown(setting: Setting, value: Any) -> str:
    """The value as TOML, or what may be shown of an address with a password."""
    if (setting.table, setting.key) == ("camera", "source") and shown(value) != value:
        return shown(value)
    return as_toml(value)
