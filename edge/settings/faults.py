"""Say what is wrong with a settings file: key, value and what is allowed, in a person's words."""

import re
from typing import Any, Literal, get_args, get_origin

from edge.settings.whole import Settings, section_of
from edge.source import HIDDEN

KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "str": "text",
    "object": "a table",
    "array": "a list",
    "null": "nothing",
}  # what msgspec calls a value, and what a person does


def explain(message: str, tables: dict[str, Any]) -> str:
    """Turn msgspec's "Expected `int` >= 1 - at `$.camera.width`" into key, value and what is allowed."""
    if message.startswith("Object contains unknown field"):
        return _unknown_key(tables)
    problem, _, where = message.rpartition(" - at `$.")
    where = where.rstrip("`")
    if not problem:  # of all tables together
        return message
    value: Any = tables
    for part in re.findall(r"\w+", where):
        value = value[int(part) if isinstance(value, list) else part]
    if choices := _choices(where.split(".")):
        problem = f"expected one of {', '.join(choices)}"
    problem = _in_words(problem)
    if not isinstance(value, dict):
        return f"{where} = {_shown(where, value)}: {problem}"
    if where == "notify":
        problem = "expected rules, each under [[notify]], found one [notify]"
    return f"{where}: {problem.replace('object missing required field', 'expected the key')}"


def _in_words(problem: str) -> str:
    """Msgspec's "Expected `int | null`, got `str`" in words of people who do not program."""
    expected, sign, _ = problem.partition(" matching regex ")
    if sign:
        expected += " of letters, digits, - and _, 64 at most" if "A-Z" in problem else " without a NUL character"
    for kind, words in KINDS.items():
        expected = re.sub(f"(?<=[`| ]){kind}(?=[`| ])", words, expected)
    expected = expected.replace("`", "").replace(" | ", " or ").replace(", got ", ", found ")
    return f"{expected[0].lower()}{expected[1:]}"


def _shown(where: str, value: Any) -> str:
    """The value as typed, unless it may be a camera's address, at whatever key."""
    is_source = where.startswith("camera.source") or (where == "camera" and not isinstance(value, int | float))
    return HIDDEN if is_source or re.search("[@:]", repr(value)) else repr(value)


def _unknown_key(tables: dict[str, Any]) -> str:
    """Name the first key of `tables` that no setting has."""
    places: list[tuple[str, Any, tuple[str, ...]]] = [("", tables, Settings.__struct_fields__)]
    for name in Settings.__struct_fields__:
        found = tables.get(name)
        for table in found if isinstance(found, list) else [found]:
            places.append((f"{name}.", table, section_of(name).__struct_fields__))
    for prefix, table, allowed in places:
        for key in table if isinstance(table, dict) else ():
            if key not in allowed:
                return f"unknown key {_shown('', prefix + key)}; allowed here: {', '.join(allowed)}"
    raise AssertionError(f"all keys are known in {tables}")


def _choices(keys: list[str]) -> tuple[str, ...]:
    """The values that a `Literal` setting, or an entry of a list of them, takes; none for any other setting."""
    if len(keys) != 2:
        return ()
    table, key = (name.partition("[")[0] for name in keys)
    annotation = section_of(table).__annotations__.get(key)
    if key != keys[1] and get_origin(annotation) is tuple:
        annotation = get_args(annotation)[0]
    return tuple(map(str, get_args(annotation))) if get_origin(annotation) is Literal else ()
