"""Show every setting: its value, where that comes from, what it means, and what else it may be."""

import tomllib
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any, TextIO

from edge import settings
from edge.commands.settings_texts import EXAMPLES, Setting, all_settings, as_toml, explain, is_rule
from edge.source import shown

RESTART = """\
On a device `sudo systemctl restart emotion-edge` applies a change; one of [web], [notice], [device], [mqtt] or
[notify]: `sudo systemctl try-restart emotion-edge-gateway`. `install.sh --settings FILE` does both.
"""


def show(config: Path | None, stream: TextIO) -> None:
    """Write all settings as `config` gives them, None for the built-in ones. Raises SettingsError."""
    chosen = settings.load(config)
    tables = tomllib.loads(config.read_text(encoding="utf-8")) if config else {}
    origin = str(config.absolute()) if config else ""
    for table, its_settings in groupby(all_settings(), key=lambda setting: setting.table):
        if is_rule(table):
            _show_rules(list(its_settings), getattr(chosen, table), tables.get(table, []), origin, stream)
        else:
            stream.write(f"[{table}]\n")
            _show_table(its_settings, getattr(chosen, table), tables.get(table, {}), origin, stream)
    stream.write(RESTART)
    stream.write(f"The event log is {settings.log_path(chosen).absolute()}.\n")


def _show_rules(
    its_settings: list[Setting], rules: tuple[Any, ...], written: list[dict[str, Any]], origin: str, stream: TextIO
) -> None:
    """Each rule; an example where there is none."""
    table = its_settings[0].table
    for rule, keys in zip(rules, written, strict=True):
        stream.write(f"[[{table}]]\n")
        _show_table(its_settings, rule, keys, origin, stream)
    if not rules:
        stream.write(f"[[{table}]]    # no rule is set; this is an example of one\n")
        for setting in its_settings:
            stream.write(f"{setting.key} = {as_toml(setting.default)}\n")
            stream.writelines(f"    {line}\n" for line in explain(setting, width=100))
        stream.write("\n")


def _show_table(
    its_settings: Iterable[Setting], chosen: Any, written: dict[str, Any], origin: str, stream: TextIO
) -> None:
    for setting in its_settings:
        value = getattr(chosen, setting.key)
        stream.writelines(_lines(setting, value, origin if setting.key in written else ""))
        stream.write("\n")


def _lines(setting: Setting, value: Any, origin: str) -> Iterable[str]:
    """The value with its `origin`, empty for the default, and the explanation below."""
    default = "" if (setting.table, setting.key) in EXAMPLES else f"; default: {as_toml(setting.default)}"
    source = f"from {origin}{default}" if origin else "default"
    yield f"{setting.key} = {_shown(setting, value)}    # {source}\n"
    for line in explain(setting, width=100):
        yield f"    {line}\n"


def _shown(setting: Setting, value: Any) -> str:
    """The value as TOML, or what may be shown of an address with a password."""
    if (setting.table, setting.key) == ("camera", "source") and shown(value) != value:
        return shown(value)
    return as_toml(value)
