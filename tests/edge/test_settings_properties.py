"""Whatever a settings file says: settings, or one SettingsError that names the file."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from edge import settings
from edge.errors import SettingsError
from edge.settings import Settings

SECTIONS = Settings().__struct_fields__
KEYS = {section: settings.section_of(section).__struct_fields__ for section in SECTIONS}
RULE = {"when": "first_face", "urls_file": "/none"}
NUMBERS = st.integers(-(10**30), 10**30) | st.floats() | st.sampled_from([0, 1, 90, 640, 10**400, -(10**400)])
SCALARS = NUMBERS | st.booleans() | st.text(max_size=20) | st.datetimes() | st.dates() | st.times()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
)
REGIONS = st.lists(NUMBERS | st.floats(0.0, 1.0), min_size=4, max_size=4)


def known_key(section: str) -> st.SearchStrategy[tuple[str, str]]:
    return st.tuples(st.just(section), st.sampled_from(KEYS[section]))


def check(tables: dict[str, Any]) -> None:
    try:
        taken = settings.parse(tables, "here.toml")
    except SettingsError as error:
        assert str(error).startswith("here.toml: ")
    else:
        assert isinstance(taken, Settings)


@hypothesis_settings(max_examples=500)
@given(st.sampled_from(SECTIONS).flatmap(known_key), VALUES)
def test_any_value_of_any_setting(key: tuple[str, str], value: Any) -> None:
    check({key[0]: {key[1]: value}})
    check({key[0]: [RULE, RULE | {"name": "other", key[1]: value}]})


@given(REGIONS)
def test_any_region(region: list[float]) -> None:
    check({"detector": {"region": region}})


@given(st.lists(REGIONS, max_size=3))
def test_any_regions_to_ignore(regions: list[list[float]]) -> None:
    check({"detector": {"ignore": regions}})


@hypothesis_settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(SECTIONS) | st.text(max_size=12), VALUES, max_size=3))
@example({" - at `$.camera": 1})
@example({"camera": {"` - at `$.camera.x`": 1}})
def test_any_tables(tables: dict[str, Any]) -> None:
    check(tables)


@hypothesis_settings(max_examples=300)
@given(st.binary(max_size=200) | st.text(alphabet="[]{}=.,\"'#\\n \\\\x019-e_camerwidth", max_size=80).map(str.encode))
@example(b"x = 1" + b"0" * 5000)
@example(b"x = " + b"[" * 20_000)
@example(b"x = " + b"{a=" * 20_000)
@example(b"a." * 20_000 + b"b = 1")
def test_any_file(content: bytes) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "settings.toml")
        path.write_bytes(content)
        try:
            settings.load(path)
        except SettingsError as error:
            assert str(error).startswith(str(path))


@pytest.mark.parametrize(
    ("region", "words"),
    [("[2.0, 0.0, 1.0, 1.0]", "region[0] = 2.0: expected a number <= 1.0"), ("[0, 'x', 1, 1]", "region[1] = 'x'")],
)
def test_an_entry_of_a_list_is_named(region: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f"[detector]\nregion = {region}\n")
    with pytest.raises(SettingsError) as caught:
        settings.load(path)
    assert words in str(caught.value)
