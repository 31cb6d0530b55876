"""Read settings from a TOML file."""

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from edge.errors import SettingsError
from edge.settings.faults import explain
from edge.settings.whole import Settings


def load(path: str | Path | None) -> Settings:
    """Read the TOML file `path`; None gives the defaults.

    Raises SettingsError with the key, the value found and what is allowed.
    """
    if path is None:
        return Settings()
    try:
        tables = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})", "give another --config") from error
    except (ValueError, RecursionError) as error:  # not UTF-8, not TOML, a number of 5000 digits, brackets without end
        raise SettingsError(
            f"{path}: not TOML: {error}", "correct that line; systemd/settings.toml shows every key"
        ) from error
    return parse(tables, str(path))


def parse(tables: dict[str, Any], origin: str) -> Settings:
    """Turn TOML `tables` into settings; `origin` names them in errors."""
    try:
        settings = msgspec.convert(tables, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(
            f"{origin}: {explain(str(error), tables)}",
            "correct it; the command `settings` lists every key, its range and its default",
        ) from error
    if fault := _unknown_label(settings):
        raise SettingsError(f"{origin}: {fault}", "correct it, or set classifier.model to the one that has it")
    return settings


def _unknown_label(settings: Settings) -> str:
    """What a rule tells of and the model does not know; empty: nothing."""
    for number, rule in enumerate(settings.notify):
        labels = settings.classifier.labels if rule.emotions else ()
        for place, label in enumerate(rule.emotions):
            if label not in labels:
                return f"notify[{number}].emotions[{place}] = {label!r}: expected one of {', '.join(labels)}"
    return ""
