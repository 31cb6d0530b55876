"""The page's words, one file a language: static/texts.en.json is the original, texts.de.json would be German."""

import json
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "static"
ORIGINAL = "en"


@cache
def languages() -> list[str]:
    """Those that there is a file for, the original first."""
    found = sorted(path.name.split(".")[1] for path in FOLDER.glob("texts.*.json"))
    return [ORIGINAL, *(language for language in found if language != ORIGINAL)]


@cache
def texts(language: str) -> dict[str, Any]:
    """All words of `language`; what its file leaves out stays in the original."""
    original: dict[str, Any] = json.loads((FOLDER / f"texts.{ORIGINAL}.json").read_text(encoding="utf-8"))
    if language == ORIGINAL:
        return original
    own = json.loads((FOLDER / f"texts.{language}.json").read_text(encoding="utf-8"))
    return {section: words | own.get(section, {}) for section, words in original.items()}
