"""All words of the page stand in one file, and every word that the page asks for is there."""

import json
import re
from pathlib import Path

import pytest

from edge.colours import EMOTION_COLOURS, OTHER_COLOURS
from edge.contract import LABELS
from edge.gateway import texts

ROOM = Path(texts.__file__).parent
ENGLISH = json.loads((ROOM / "static" / "texts.en.json").read_text())


def all_words() -> set[tuple[str, str]]:
    return {(section, key) for section, words in ENGLISH.items() for key in words}


def test_every_word_that_is_asked_for_is_there() -> None:
    asked = set()
    for path in [*ROOM.glob("static/js/*.js"), *ROOM.glob("templates/*.html")]:
        text = path.read_text()
        asked |= {(section, key) for section, key in re.findall(r"\b(?:words|t)\.(\w+)\.(\w+)", text)}
    asked = {(section, key) for section, key in asked if section in ENGLISH}
    assert asked, "the pattern finds what is asked for"
    assert asked <= all_words(), asked - all_words()


def test_every_label_has_a_word_and_a_colour() -> None:
    assert set(LABELS) == set(EMOTION_COLOURS)
    assert set(ENGLISH["emotions"]) == {*EMOTION_COLOURS, *OTHER_COLOURS}
    css = (ROOM / "static" / "page.css").read_text()
    for label in LABELS:
        assert f"--{label}:" in css and f'[data-emotion="{label}"]' in css


def test_what_a_translation_leaves_out_stays_english(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "texts.en.json").write_text(json.dumps(ENGLISH))
    (tmp_path / "texts.de.json").write_text('{"page": {"now": "Jetzt"}}')
    monkeypatch.setattr(texts, "FOLDER", tmp_path)
    for function in (texts.languages, texts.texts):
        function.cache_clear()
    try:
        assert texts.languages() == ["en", "de"]
        assert texts.texts("de")["page"]["now"] == "Jetzt"
        assert texts.texts("de")["page"]["health"] == "Health"
    finally:
        for function in (texts.languages, texts.texts):
            function.cache_clear()


def test_nothing_comes_from_elsewhere() -> None:
    for path in [*ROOM.rglob("static/**/*.js"), *ROOM.rglob("static/*.css"), *ROOM.glob("templates/*.html")]:
        text = re.sub(r"^/\*!.*?\*/", "", path.read_text(), flags=re.DOTALL)
        found = re.findall(r"""(?:src|href|url|fetch|import)\s*[=(]?\s*["'(](https?:)?//""", text)
        assert not found, path


def test_the_page_is_light() -> None:
    files = [path for path in (ROOM / "static").rglob("*") if path.is_file() and "LICENSE" not in path.name]
    assert sum(path.stat().st_size for path in files) < 135_000
