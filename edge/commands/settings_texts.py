"""Read what edge/settings/ says of each setting; the command `settings` and systemd/settings.toml are made of it.

python -m edge.commands.settings_texts > systemd/settings.toml
"""

import ast
import inspect
import json
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from edge import settings
from edge.settings import Settings, seeing, telling

SERVICE_VALUES: dict[tuple[str, str], Any] = {
    ("camera", "source"): "camera",
    ("log", "keep_days"): 30,
}
"""what the service's file sets: it must not show the demo, and keeps what it saw of strangers for a month"""
SERVICE_NOTES = {
    ("light", "pin"): "The service may use pins once `sudo emotion-edge light enable` was called.",
    ("camera", "source"): "The service sees no file below /home.",
    (
        "log",
        "path",
    ): "Any other folder must belong to the user emotion-edge and be opened to the service: "
    "ReadWritePaths= in `systemctl edit emotion-edge`.",
}
EXAMPLES: dict[tuple[str, str], Any] = {
    ("notify", "when"): "emotion",
    ("notify", "urls_file"): "/etc/emotion-edge/notify-urls",
    ("notify", "emotions"): ("angry", "fear"),
}
"""values of a rule, for a table of which the settings may have several, or none"""
PATHS = {("detector", "graynet_model"), ("detector", "yunet_model")}
"""left out of the service's file: the models lie where each release has them"""
RULE_NOTES = {"notify": "An example of a rule; write one or more, each with its own line [[notify]]."}
HEAD = """\
# Settings of the emotion-edge service: every key with its default. Take away the "# " before a key to change it;
# `systemctl restart emotion-edge` applies it, and `systemctl try-restart emotion-edge-gateway` what the live page and
# MQTT read: [web], [notice], [device], [mqtt], [notify]. The lines with ## explain the key below them.
"""


@dataclass(frozen=True)
class Setting:
    """One key of a table."""

    table: str
    key: str
    default: Any
    """of a rule: its default, or an example"""
    allowed: str
    """the range or the choices in words; empty where anything goes"""
    text: str


def all_settings() -> Iterator[Setting]:
    """Every setting, in the order of the classes."""
    texts = _texts()
    for table in Settings.__struct_fields__:
        section = settings.section_of(table)
        for field in msgspec.inspect.type_info(section).fields:  # type: ignore[attr-defined]
            default = EXAMPLES.get((table, field.name), field.default)
            if field.default_factory is not msgspec.NODEFAULT:
                default = field.default_factory()
            yield Setting(table, field.name, default, _allowed(field.type), texts[section.__name__, field.name])


def is_rule(table: str) -> bool:
    """Whether the settings may have several of the table."""
    return isinstance(getattr(Settings(), table), tuple)


def explain(setting: Setting, width: int, note: str = "") -> list[str]:
    """The lines about a setting: what it is, and what it may be."""
    parts = [setting.text, setting.allowed]
    whole = "; ".join(part for part in parts if part)
    lines = textwrap.wrap(whole, width, break_on_hyphens=False, break_long_words=False)
    return lines + textwrap.wrap(note, width, break_on_hyphens=False)


def as_toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, tuple | list):
        return f"[{', '.join(as_toml(item) for item in value)}]"
    return repr(value) if isinstance(value, float) else json.dumps(value, ensure_ascii=False)


def service_file() -> str:
    """The text of systemd/settings.toml."""
    lines = [HEAD]
    table = ""
    for setting in all_settings():
        name = (setting.table, setting.key)
        if name in PATHS:
            continue
        if setting.table != table:
            table = setting.table
            lines += [f"## {RULE_NOTES[table]}", f"# [[{table}]]"] if is_rule(table) else [f"[{table}]"]
        lines += [f"## {line}" for line in explain(setting, 110, SERVICE_NOTES.get(name, ""))]
        sign = "" if name in SERVICE_VALUES else "# "
        lines.append(f"{sign}{setting.key} = {as_toml(SERVICE_VALUES.get(name, setting.default))}\n")
    return "\n".join(lines)


def _texts() -> dict[tuple[str, str], str]:
    """The text under each field, by class and field, as the source has it: no program sees it otherwise."""
    found = {}
    sections = [*ast.parse(inspect.getsource(seeing)).body, *ast.parse(inspect.getsource(telling)).body]
    for section in sections:
        if isinstance(section, ast.ClassDef):
            for field, below in zip(section.body, section.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    found[section.name, field.target.id] = _string(below)
    return found


def _string(node: ast.stmt) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return " ".join(str(node.value.value).split())
    return ""


def _allowed(kind: Any) -> str:
    """The range or the choices of a type."""
    if isinstance(kind, msgspec.inspect.LiteralType):
        return "one of " + ", ".join(map(str, kind.values))
    if isinstance(kind, msgspec.inspect.BoolType):
        return "true or false"
    low = getattr(kind, "ge", None)
    high = getattr(kind, "le", None)
    if low is None or high is None:
        return ""
    return f"{low:g} to {high:g}" if isinstance(low, float) else f"{low} to {high}"


if __name__ == "__main__":
    sys.stdout.write(service_file())
