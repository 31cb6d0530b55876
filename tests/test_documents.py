"""Documents for people: every link between them leads somewhere."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.settings import load, parse

PROJECT = Path(__file__).parent.parent
FOLDERS = (".github", "edge", "train", "convert", "models", "systemd", "tests")
DOCUMENTS = [*PROJECT.glob("*.md"), *(path for folder in FOLDERS for path in (PROJECT / folder).rglob("*.md"))]


def links(document: Path) -> Iterator[tuple[Path, str]]:
    """File and heading of each link into the project."""
    for link in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if not re.match("[a-z]+:", link):
            path, _, anchor = link.partition("#")
            yield (document.parent / path if path else document), anchor


def anchors(document: Path) -> set[str]:
    """The headings, as GitHub names them in addresses."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    for path, anchor in links(document):
        assert path.exists(), path
        assert not anchor or path.suffix != ".md" or anchor in anchors(path), f"{path}#{anchor}"


def test_the_ten_settings_of_readme_are_the_services_own() -> None:
    *others, ten = re.findall(r"```toml\n(.*?)```", (PROJECT / "README.md").read_text(), re.DOTALL)
    for block in others:
        parse(tomllib.loads(block), "README")
    tables = tomllib.loads(ten)
    shown = parse(tables, "README")
    service = load(PROJECT / "systemd" / "settings.toml")
    assert sum(map(len, tables.values())) == 10
    for table, keys in tables.items():
        for key in keys:
            assert getattr(getattr(shown, table), key) == getattr(getattr(service, table), key), key
