"""The live page on the device: off at first, switched on and off, kept by upgrades; its packages come with it alone."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.systemd.bundles import (
    NEW_VERSION,
    OLD_VERSION,
    PYTHON,
    SYSTEMD,
    copy_root,
    install,
    instead_of_main,
    list_tree,
    lock_line,
    make_bundle,
    make_bundles,
    needs_environments,
    run_installer,
    run_release,
    system_of,
    write_checksums,
    write_wheel,
)

pytestmark = needs_environments

UNIT = "etc/systemd/system/emotion-edge-gateway.service"


def make_release(parent: Path, version: str, sha256: str = "") -> Path:
    """A bundle whose gateway needs a package that comes along; `sha256` is what the lock says, if not the right one."""
    bundle = make_bundle(parent, version)
    program = f"import importlib.util\nprint('{version}', bool(importlib.util.find_spec('tinypart')))\n"
    (bundle / "edge/__main__.py").write_text(program)
    wheel = write_wheel(bundle / "wheels")
    (bundle / f"edge/locks/gateway-{system_of(PYTHON)}.txt").write_text(lock_line(wheel, sha256))
    with (bundle / "systemd/emotion-edge-gateway.service").open("a") as unit:
        unit.write(f"# {version}\n")
    write_checksums(bundle)
    return bundle


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_bundles(tmp_path_factory, make_release, OLD_VERSION, NEW_VERSION)


@pytest.fixture(scope="module")
def bare_root(tmp_path_factory: pytest.TempPathFactory, bundles: dict[str, Path]) -> Path:
    root = tmp_path_factory.mktemp("bare")
    install(bundles[OLD_VERSION], root)
    return root


@pytest.fixture(scope="module")
def upgraded_root(tmp_path_factory: pytest.TempPathFactory, bare_root: Path, bundles: dict[str, Path]) -> Path:
    """The newer release with the page, over the older one without it."""
    root = copy_root(bare_root, tmp_path_factory.mktemp("upgraded") / "root")
    install(bundles[NEW_VERSION], root, "--with-gateway")
    return root


@pytest.fixture
def root(bare_root: Path, tmp_path: Path) -> Path:
    return copy_root(bare_root, tmp_path / "root")


@pytest.fixture
def newer_root(upgraded_root: Path, tmp_path: Path) -> Path:
    return copy_root(upgraded_root, tmp_path / "newer")


def test_an_installation_without_it_stays_light(root: Path) -> None:
    assert run_release(root) == "1.0.0 False\n"
    assert not (root / UNIT).exists()


def test_switched_on_over_the_same_release_it_comes_into_that(root: Path, bundles: dict[str, Path]) -> None:
    said = install(bundles[OLD_VERSION], root, "--with-gateway")
    assert "already installed" in said
    assert "sudo emotion-edge gateway url" in said.splitlines()[-1]
    assert run_release(root) == "1.0.0 True\n"
    assert (root / UNIT).read_text() == (SYSTEMD / "emotion-edge-gateway.service").read_text() + "# 1.0.0\n"


def test_an_upgrade_keeps_the_choice(root: Path, bundles: dict[str, Path]) -> None:
    install(bundles[OLD_VERSION], root, "--with-gateway")
    install(bundles[NEW_VERSION], root)
    assert run_release(root) == "1.1.0 True\n"
    assert (root / UNIT).read_text().endswith("# 1.1.0\n")


def test_the_same_again_changes_nothing(newer_root: Path, bundles: dict[str, Path]) -> None:
    before = list_tree(newer_root)
    install(bundles[NEW_VERSION], newer_root, "--with-gateway")
    assert list_tree(newer_root) == before


def test_a_rollback_brings_its_packages_and_the_older_unit(newer_root: Path, bundles: dict[str, Path]) -> None:
    """The older release was installed before the page was switched on; its packages come from an index then."""
    root = newer_root
    script = root / "opt/emotion-edge/current/systemd/install.sh"
    wheels = bundles[OLD_VERSION] / "wheels"
    done = run_installer(script, root, "rollback", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(wheels))
    assert done.returncode == 0, done.stdout
    assert run_release(root) == "1.0.0 True\n"
    assert (root / UNIT).read_text().endswith("# 1.0.0\n")


def test_a_rollback_does_not_wait_for_the_pages_packages(newer_root: Path) -> None:
    root = newer_root
    script = root / "opt/emotion-edge/current/systemd/install.sh"
    done = run_installer(script, root, "rollback", PIP_NO_INDEX="1")
    assert done.returncode == 0, done.stdout
    assert "later: sudo emotion-edge gateway enable" in done.stdout
    assert run_release(root) == "1.0.0 False\n"


def test_a_package_that_is_not_the_locks_is_refused(root: Path, tmp_path: Path) -> None:
    bundle = make_release(tmp_path, NEW_VERSION, sha256="0" * 64)
    result = run_installer(bundle / "install.sh", root, "--with-gateway")
    assert result.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in result.stdout
    assert "nothing was switched" in result.stdout
    assert run_release(root) == "1.0.0 False\n"
    assert not (root / UNIT).exists()


@pytest.mark.parametrize("arguments", [("uninstall",), ("uninstall", "--purge")])
def test_uninstall_removes_it(arguments: tuple[str, ...], newer_root: Path, bundles: dict[str, Path]) -> None:
    assert run_installer(bundles[NEW_VERSION] / "install.sh", newer_root, *arguments).returncode == 0
    assert not (newer_root / UNIT).exists()


RECORD = """#!/bin/sh
echo "$*" >>"$CALLS"
case "$*" in *MainPID*) echo "${PID:-1}";; "restart emotion-edge-gateway") exit "${FAILS:-0}";; esac
"""
PATHS = """
offline=no root=$ROOT opt=$ROOT/opt/emotion-edge releases=$opt/releases
gateway_unit=$ROOT/etc/systemd/system/emotion-edge-gateway.service settings_dir=$ROOT/etc/emotion-edge
"""


def run_live(root: Path, commands: str, **variables: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    """`commands` on a system under `root` with a stand-in for systemctl; with what that was asked for."""
    calls = root / "calls"
    calls.write_text("")
    systemctl = root / "bin/systemctl"
    systemctl.parent.mkdir(exist_ok=True)
    systemctl.write_text(RECORD)
    systemctl.chmod(0o755)
    path = f"{systemctl.parent}:{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "CALLS": str(calls), "ROOT": str(root), **variables}
    script = instead_of_main(PATHS + commands)
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True)
    return done, calls.read_text().splitlines()


@pytest.mark.parametrize(
    ("rules", "needed", "told"),
    [
        ("", "nowhere-to-be-had", False),
        ("[[notify]]\n", "nowhere-to-be-had", True),
        ("[[notify]]\n", "tinypart", False),
    ],
)
def test_what_notifications_need_comes_with_the_page_and_does_not_stop_it(
    rules: str, needed: str, told: bool, root: Path, bundles: dict[str, Path]
) -> None:
    (root / "opt/emotion-edge/current/edge/requirements-notify.txt").write_text(needed)
    (root / "etc/emotion-edge/settings.toml").write_text(f"# [[notify]]\n{rules}")
    done, calls = run_live(root, "enable_gateway", **find_wheels(bundles[OLD_VERSION]))
    assert done.returncode == 0, done.stderr
    assert ("what notifications need could not be installed" in done.stderr) == told
    assert calls[-1] == "restart emotion-edge-gateway"


def find_wheels(bundle: Path) -> dict[str, str]:
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(bundle / "wheels")}


def test_enable_installs_what_is_missing_and_starts_it_at_every_boot(root: Path, bundles: dict[str, Path]) -> None:
    done, calls = run_live(root, "enable_gateway", **find_wheels(bundles[OLD_VERSION]))
    assert done.returncode == 0, done.stderr
    assert "sudo emotion-edge gateway url" in done.stdout
    assert run_release(root) == "1.0.0 True\n"
    assert calls == [
        "daemon-reload",
        "enable --quiet emotion-edge-gateway",
        "restart emotion-edge-gateway",
    ]
    again, _ = run_live(root, "enable_gateway", PIP_NO_INDEX="1")
    assert again.returncode == 0, again.stderr  # no network is needed where the packages are there


def test_enable_without_its_packages_changes_nothing(root: Path) -> None:
    before = list_tree(root / "etc")
    done, calls = run_live(root, "enable_gateway", PIP_NO_INDEX="1")
    assert done.returncode == 1
    assert "nothing was changed" in done.stderr
    assert calls == []
    assert list_tree(root / "etc") == before


def test_one_that_does_not_start_is_said(root: Path, bundles: dict[str, Path]) -> None:
    done, _ = run_live(root, "enable_gateway", FAILS="1", **find_wheels(bundles[OLD_VERSION]))
    assert done.returncode == 1
    assert "journalctl -u emotion-edge-gateway" in done.stderr


def test_enable_without_an_installed_release_says_so(tmp_path: Path) -> None:
    done, _ = run_live(tmp_path, "enable_gateway")
    assert (done.returncode, "not installed" in done.stderr) == (1, True)


def test_disable_stops_it_and_takes_the_unit_away(newer_root: Path) -> None:
    done, calls = run_live(newer_root, "disable_gateway")
    assert done.returncode == 0, done.stderr
    assert calls[0] == "disable --quiet --now emotion-edge-gateway"
    assert not (newer_root / UNIT).exists()
    assert run_live(newer_root, "disable_gateway")[1] == ["daemon-reload"]


def test_an_upgrade_restarts_it_where_it_runs_and_does_not_switch_it_on(newer_root: Path) -> None:
    done, calls = run_live(newer_root, "asked_for_gateway=no\ninstall_gateway")
    assert done.returncode == 0, done.stderr
    assert calls[-1] == "try-restart emotion-edge-gateway"
    assert not any("enable" in call for call in calls)


@pytest.mark.parametrize(("changed", "restarts"), [("yes", True), ("no", False)])
def test_changed_settings_restart_it_though_the_release_is_the_same(
    changed: str, restarts: bool, newer_root: Path
) -> None:
    running = f"settings_changed={changed} asked_for_gateway=no\ncd -P $opt/current\nexport PID=$$\ninstall_gateway"
    done, calls = run_live(newer_root, running)
    assert done.returncode == 0, done.stderr
    assert ("try-restart emotion-edge-gateway" in calls) == restarts


def test_without_it_an_upgrade_asks_systemd_nothing_of_it(root: Path) -> None:
    assert run_live(root, "asked_for_gateway=no\ninstall_gateway")[1] == []
