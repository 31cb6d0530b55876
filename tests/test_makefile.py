"""`make help` says what there is."""

import re
from pathlib import Path

MAKEFILE = (Path(__file__).parents[1] / "Makefile").read_text()


def test_help_lists_every_target() -> None:
    [targets] = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    explained = re.findall(r"^\t@echo 'make (\S+) +\S", MAKEFILE, re.MULTILINE)
    assert sorted(explained) == sorted(targets.split())


def test_every_target_with_a_recipe_of_its_own_is_phony() -> None:
    targets = set(re.findall(r"^([a-z][a-z0-9-]*):", MAKEFILE, re.MULTILINE))
    [phony] = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert targets == set(phony.split())


def test_booted_systems_are_left_to_their_own_target() -> None:
    """They need root and minutes; `make test` needs neither."""
    recipe = MAKEFILE.partition("\ntest-edge:")[2].partition("\n\n")[0]
    assert "--ignore tests/systemd/booted" in recipe
