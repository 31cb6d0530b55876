"""install.sh --settings: checked by the new release before anything is switched, the old file kept beside."""

from pathlib import Path

import pytest

from tests.systemd.bundles import (
    NEW_VERSION,
    OLD_VERSION,
    install,
    make_bundle,
    make_bundles,
    needs_environments,
    run_installer,
    run_release,
    write_checksums,
)

pytestmark = needs_environments
# Stands in for the real one, which needs msgspec: settings with the word `wrong` are.
SETTINGS_MODULE = """
from pathlib import Path
from edge.errors import EdgeError
def load(path):
    if "wrong" in Path(path).read_text():
        raise EdgeError("expected something else")
"""


def bundle_with_settings(folder: Path, version: str) -> Path:
    bundle = make_bundle(folder, version)
    (bundle / "edge/errors.py").write_text("class EdgeError(Exception): pass\n")
    (bundle / "edge/settings.py").write_text(SETTINGS_MODULE)
    write_checksums(bundle)
    return bundle


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_bundles(tmp_path_factory, bundle_with_settings, OLD_VERSION, NEW_VERSION)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, bundles: dict[str, Path]) -> Path:
    made = tmp_path_factory.mktemp("root")
    install(bundles[OLD_VERSION], made)
    return made


def settings_of(root: Path) -> str:
    return (root / "etc/emotion-edge/settings.toml").read_text()


def test_wrong_ones_switch_nothing_and_are_named(root: Path, bundles: dict[str, Path], tmp_path: Path) -> None:
    before = settings_of(root)
    (tmp_path / "mine.toml").write_text("# wrong\n")
    for version in (OLD_VERSION, NEW_VERSION):
        done = run_installer(bundles[version] / "install.sh", root, "--settings", str(tmp_path / "mine.toml"))
        assert done.returncode == 1
        assert "expected something else" in done.stdout
        assert "these settings would not start; nothing was switched" in done.stdout
        assert "Traceback" not in done.stdout
    assert settings_of(root) == before
    assert run_release(root) == "edge 1.0.0\n"


def test_good_ones_take_the_place_and_the_old_file_stays_beside(
    root: Path, bundles: dict[str, Path], tmp_path: Path
) -> None:
    before = settings_of(root)
    (tmp_path / "mine.toml").write_text("# mine\n")
    done = run_installer(bundles[OLD_VERSION] / "install.sh", root, "--settings", str(tmp_path / "mine.toml"))
    assert done.returncode == 0, done.stdout
    assert settings_of(root) == "# mine\n"
    assert (root / "etc/emotion-edge/settings.toml.before").read_text() == before
    assert (root / "etc/emotion-edge/settings.toml").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    "arguments", [["--settings"], ["--settings", "/nowhere.toml"], ["rollback", "--settings", "/etc/hostname"]]
)
def test_wrong_usage_changes_nothing(root: Path, bundles: dict[str, Path], arguments: list[str]) -> None:
    done = run_installer(bundles[OLD_VERSION] / "install.sh", root, *arguments)
    assert done.returncode == 2
    assert "--settings" in done.stdout
