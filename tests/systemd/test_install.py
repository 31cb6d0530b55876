"""install.sh in a folder of its own: install, repeat, upgrade, damage, uninstall.

The bundle is tiny and needs no network. What calls systemctl and useradd is not reached: `--root`
leaves both out.
"""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.systemd.bundles import (
    NEW_VERSION,
    NEWEST_VERSION,
    OLD_VERSION,
    PYTHON,
    SYSTEMD,
    copy_root,
    install,
    instead_of_main,
    list_releases,
    list_tree,
    lock_line,
    make_bundle,
    make_bundles,
    needs_environments,
    run_installer,
    run_release,
    system_of,
    write_checksums,
    write_files,
    write_wheel,
)

pytestmark = needs_environments


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_bundles(tmp_path_factory, make_bundle, OLD_VERSION, NEW_VERSION, NEWEST_VERSION)


@pytest.fixture(scope="module")
def installed_root(tmp_path_factory: pytest.TempPathFactory, bundles: dict[str, Path]) -> Path:
    """Old version; installed once for all tests, because an environment takes seconds to make."""
    root = tmp_path_factory.mktemp("installed")
    install(bundles[OLD_VERSION], root)
    return root


@pytest.fixture(scope="module")
def upgraded_root(tmp_path_factory: pytest.TempPathFactory, installed_root: Path, bundles: dict[str, Path]) -> Path:
    """New version over the old one, with settings of the user and a leftover in the way."""
    root = copy_root(installed_root, tmp_path_factory.mktemp("upgraded") / "root")
    (root / "etc/emotion-edge/settings.toml").write_text("# mine\n")
    (root / "opt/emotion-edge/releases/.staging.killed").mkdir()
    (root / "opt/emotion-edge/current/models/yunet.onnx").write_bytes(b"a download")
    install(bundles[NEW_VERSION], root)
    return root


@pytest.fixture
def root(tmp_path: Path, installed_root: Path) -> Path:
    """A copy of the root with the old version, and a log as the daemon would leave it."""
    root = copy_root(installed_root, tmp_path / "root")
    state = root / "var/lib/emotion-edge"
    state.mkdir(parents=True)
    (state / "emotions.db").write_text("a log")
    return root


def test_install_lays_out_all_that_the_unit_names(root: Path) -> None:
    assert run_release(root) == "edge 1.0.0\n"
    assert (root / "opt/emotion-edge/current/models/emotion_int8.tflite").read_bytes() == b"a model"
    assert (root / "opt/emotion-edge/current/VERSION").read_text() == "1.0.0\n"
    assert (root / "etc/emotion-edge/settings.toml").read_text() == "# shipped settings\n"
    unit = root / "etc/systemd/system/emotion-edge.service"
    assert unit.read_text() == (SYSTEMD / "emotion-edge.service").read_text()


def test_links_stay_inside_so_that_an_image_can_boot_from_it(root: Path) -> None:
    assert not (root / "opt/emotion-edge/current").readlink().is_absolute()


def test_help_lines_name_status_journal_log_and_settings(root: Path, bundles: dict[str, Path]) -> None:
    lines = install(bundles[OLD_VERSION], root).splitlines()[-5:]
    assert "systemctl status emotion-edge" in lines[0]
    assert "journalctl -u emotion-edge" in lines[1]
    assert "sudo emotion-edge doctor" in lines[2]
    assert "/var/lib/emotion-edge/emotions.db" in lines[3]
    assert "/etc/emotion-edge/settings.toml" in lines[3]
    assert "sudo emotion-edge gateway enable" in lines[4]


def test_second_install_changes_nothing(root: Path, bundles: dict[str, Path]) -> None:
    before = list_tree(root)
    assert "already installed" in install(bundles[OLD_VERSION], root)
    assert list_tree(root) == before


def test_upgrade_switches_and_keeps_the_previous(upgraded_root: Path) -> None:
    assert run_release(upgraded_root) == "edge 1.1.0\n"
    assert run_release(upgraded_root, "previous") == "edge 1.0.0\n"


def test_upgrade_keeps_settings_of_the_user(upgraded_root: Path) -> None:
    assert (upgraded_root / "etc/emotion-edge/settings.toml").read_text() == "# mine\n"


def test_upgrade_keeps_what_was_downloaded(upgraded_root: Path) -> None:
    assert (upgraded_root / "opt/emotion-edge/current/models/yunet.onnx").read_bytes() == b"a download"


def test_settings_are_for_root_and_the_services_group_only(root: Path, bundles: dict[str, Path]) -> None:
    """They may hold a camera's password; an image without that group keeps them readable for the service."""
    settings = root / "etc/emotion-edge/settings.toml"
    assert settings.stat().st_mode & 0o777 == 0o644
    group_id = os.getgid() or 4711  # only root may give a file to a group that it is not in
    (root / "etc/group").write_text(f"root:x:0:\nemotion-edge-admins:x:1:\nemotion-edge:x:{group_id}:\n")
    install(bundles[OLD_VERSION], root)
    assert (settings.stat().st_mode & 0o777, settings.stat().st_gid) == (0o640, group_id)


def test_leftover_of_a_killed_install_is_removed(upgraded_root: Path) -> None:
    assert list_releases(upgraded_root) == [OLD_VERSION, NEW_VERSION]


def test_files_private_to_the_unpacking_user_are_readable_in_the_release(
    upgraded_root: Path,
) -> None:
    current = upgraded_root / "opt/emotion-edge/current"
    assert (current / "edge" / "__main__.py").stat().st_mode & 0o777 == 0o644
    for folder in (current.resolve(), current / "models"):
        assert folder.stat().st_mode & 0o777 == 0o755


def test_third_version_removes_the_first(upgraded_root: Path, bundles: dict[str, Path], tmp_path: Path) -> None:
    root = copy_root(upgraded_root, tmp_path / "root")
    install(bundles[NEWEST_VERSION], root)
    assert list_releases(root) == [NEW_VERSION, NEWEST_VERSION]
    assert run_release(root, "previous") == "edge 1.1.0\n"


def test_going_back_uses_the_release_in_store(upgraded_root: Path, bundles: dict[str, Path], tmp_path: Path) -> None:
    root = copy_root(upgraded_root, tmp_path / "root")
    assert "Building" not in install(bundles[OLD_VERSION], root)
    assert run_release(root) == "edge 1.0.0\n"
    assert run_release(root, "previous") == "edge 1.1.0\n"


def test_changed_file_of_the_same_version_is_a_new_release(root: Path, tmp_path: Path) -> None:
    bundle = make_bundle(tmp_path, OLD_VERSION)
    (bundle / "models" / "emotion_int8.tflite").write_bytes(b"a better model")
    write_checksums(bundle)
    install(bundle, root)
    assert list_releases(root) == [OLD_VERSION, OLD_VERSION]
    model = root / "opt/emotion-edge/current/models/emotion_int8.tflite"
    assert model.read_bytes() == b"a better model"


def test_edited_unit_is_put_back(root: Path, bundles: dict[str, Path]) -> None:
    unit = root / "etc/systemd/system/emotion-edge.service"
    unit.write_text("[Service]\n")
    install(bundles[OLD_VERSION], root)
    assert unit.read_text() == (SYSTEMD / "emotion-edge.service").read_text()


def test_broken_environment_is_built_again(root: Path, bundles: dict[str, Path]) -> None:
    """As after an upgrade of the system that took the old Python away."""
    (root / "opt/emotion-edge/current/.venv/bin/python3").unlink()
    assert "Building" in install(bundles[OLD_VERSION], root)
    assert run_release(root) == "edge 1.0.0\n"


@pytest.mark.parametrize(
    ("broken_file", "message"),
    [
        (("edge/__main__.py", "import a_module_that_is_missing\n"), "does not start"),
        (("requirements-edge.txt", "a-package-that-is-missing==1\n"), "pip could not install"),
    ],
)
def test_release_that_fails_its_check_is_not_switched_to(
    root: Path, tmp_path: Path, broken_file: tuple[str, str], message: str
) -> None:
    bundle = make_bundle(tmp_path, NEW_VERSION)
    path, content = broken_file
    (bundle / path).write_text(content)
    (bundle / "wheels").mkdir()  # keeps pip off the network
    write_checksums(bundle)
    result = run_installer(bundle / "install.sh", root)
    assert result.returncode == 1
    assert message in result.stdout
    assert run_release(root) == "edge 1.0.0\n"
    assert list_releases(root) == [OLD_VERSION]


def test_second_installer_at_the_same_time_is_refused(root: Path, bundles: dict[str, Path]) -> None:
    folder = os.open(root / "opt/emotion-edge", os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        result = run_installer(bundles[NEW_VERSION] / "install.sh", root)
    finally:
        os.close(folder)
    assert result.returncode == 3
    assert "another install.sh is running; nothing was changed" in result.stdout


def make_bundle_with_wheel(parent: Path, locked_sha256: str | None) -> Path:
    """A bundle whose program needs a package that comes along; None: without a lock for this system."""
    bundle = make_bundle(parent, NEW_VERSION)
    (bundle / "requirements-edge.txt").write_text("tinypart==1.0\n")
    (bundle / "edge" / "__main__.py").write_text("import tinypart\nprint(tinypart.NAME)\n")
    wheel = write_wheel(bundle / "wheels")
    if locked_sha256 is not None:
        (bundle / "edge/locks" / f"{system_of(PYTHON)}.txt").write_text(lock_line(wheel, locked_sha256))
    write_checksums(bundle)
    return bundle


def test_wheels_of_the_bundle_are_installed_without_an_index(root: Path, tmp_path: Path) -> None:
    install(make_bundle_with_wheel(tmp_path, locked_sha256=""), root)
    assert run_release(root) == "tiny part\n"


def test_a_wheel_that_is_not_the_lock_s_is_refused(root: Path, tmp_path: Path) -> None:
    bundle = make_bundle_with_wheel(tmp_path, locked_sha256="0" * 64)
    result = run_installer(bundle / "install.sh", root)
    assert result.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in result.stdout
    assert run_release(root) == "edge 1.0.0\n"


@pytest.mark.parametrize(("allowed", "fits"), [("", True), ("numpy>=99\n", False)])
def test_apts_numpy_stays_and_must_be_one_that_is_allowed(allowed: str, fits: bool, root: Path, tmp_path: Path) -> None:
    """PYTHONPATH stands in for apt's dist-packages; the bundle has no wheel of the numpy that its lock names."""
    bundle = make_bundle_with_wheel(tmp_path, locked_sha256="")
    lock = bundle / "edge/locks" / f"{system_of(PYTHON)}.txt"
    lock.write_text(f"numpy==1.26.4 \\\n    --hash=sha256:{'0' * 64}\n" + lock.read_text())
    (bundle / "requirements-edge.txt").write_text(f"tinypart==1.0\n{allowed}")
    write_checksums(bundle)
    apt = tmp_path / "apt"
    apt.mkdir()
    (apt / "picamera2.py").touch()
    (apt / "numpy.py").write_text("__version__ = '1.24.2'\n")
    result = run_installer(bundle / "install.sh", root, PYTHONPATH=str(apt))
    assert (result.returncode == 0) == fits, result.stdout
    assert run_release(root) == ("tiny part\n" if fits else "edge 1.0.0\n")


def test_a_system_without_a_lock_is_told_so(root: Path, tmp_path: Path) -> None:
    said = install(make_bundle_with_wheel(tmp_path, locked_sha256=None), root)
    assert f"no lock for {system_of(PYTHON)}" in said
    assert run_release(root) == "tiny part\n"


def test_installs_from_a_checkout(root: Path, tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    write_files(checkout, NEW_VERSION)
    (checkout / "edge/__init__.py").write_text(f'__version__ = "{NEW_VERSION}"\n')
    cache = checkout / "edge" / "__pycache__"
    cache.mkdir()
    (cache / "stale.pyc").touch()
    result = run_installer(checkout / "systemd" / "install.sh", root)
    assert result.returncode == 0, result.stdout
    assert run_release(root) == "edge 1.1.0\n"
    assert list_releases(root) == [OLD_VERSION, NEW_VERSION]
    assert not list(root.rglob("stale.pyc"))


@pytest.mark.parametrize("has_picamera2", [True, False])
def test_environment_sees_system_packages_only_where_picamera2_works(
    root: Path, bundles: dict[str, Path], tmp_path: Path, has_picamera2: bool
) -> None:
    """PYTHONPATH stands in for apt's dist-packages; picamera2 comes with a numpy there."""
    (tmp_path / "picamera2.py").write_text("" if has_picamera2 else "import no_libcamera\n")
    (tmp_path / "numpy.py").write_text("__version__ = '1.24.2'\n")
    install(bundles[NEW_VERSION], root, PYTHONPATH=str(tmp_path))
    current = root / "opt/emotion-edge/current"
    setting = f"include-system-site-packages = {str(has_picamera2).lower()}"
    assert setting in (current / ".venv/pyvenv.cfg").read_text()
    constraints = current / "constraints.txt"
    assert constraints.exists() == has_picamera2
    assert not has_picamera2 or constraints.read_text() == "numpy==1.24.2\n"


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ('case $2 in *"%d.%d"*) echo 3.9 ;; *version_info*) exit 1 ;; esac', "3.9, 3.11 or newer"),
        ("case $2 in *ensurepip*) exit 1 ;; *) echo 3.11 ;; esac", "apt install python3-venv"),
        (None, "apt install python3 python3-venv"),
    ],
)
def test_unfit_python_is_named_with_its_apt_package(
    root: Path, bundles: dict[str, Path], tmp_path: Path, script: str | None, message: str
) -> None:
    python = tmp_path / "python3"
    if script is not None:
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
    before = list_tree(root)
    result = run_installer(bundles[NEW_VERSION] / "install.sh", root, PYTHON=str(python))
    assert result.returncode == 1
    assert message in result.stdout
    assert list_tree(root) == before


def test_completions_lie_where_bash_and_zsh_look(root: Path) -> None:
    shared = root / "usr/local/share"
    assert "emotion-edge" in (shared / "bash-completion/completions/emotion-edge").read_text()
    assert (shared / "zsh/site-functions/_emotion-edge").read_text().startswith("#compdef emotion-edge")


def test_uninstall_keeps_settings_and_log(root: Path, bundles: dict[str, Path]) -> None:
    result = run_installer(bundles[OLD_VERSION] / "install.sh", root, "uninstall")
    assert result.returncode == 0, result.stdout
    assert not (root / "opt/emotion-edge").exists()
    assert not (root / "etc/systemd/system/emotion-edge.service").exists()
    assert not [path for path in (root / "usr").rglob("*emotion-edge*") if path.is_file()]
    assert (root / "etc/emotion-edge/settings.toml").exists()
    assert (root / "var/lib/emotion-edge/emotions.db").read_text() == "a log"


def test_purge_leaves_no_file(root: Path, bundles: dict[str, Path]) -> None:
    drop_in = root / "etc/systemd/system/emotion-edge.service.d/override.conf"
    drop_in.parent.mkdir()
    drop_in.touch()
    result = run_installer(bundles[OLD_VERSION] / "install.sh", root, "uninstall", "--purge")
    assert result.returncode == 0, result.stdout
    assert [path for path in root.rglob("*") if path.is_file() or path.is_symlink()] == []
    assert list(root.rglob("*emotion-edge*")) == []


@pytest.mark.parametrize("arguments", [("uninstall",), ("uninstall", "--purge")])
def test_uninstall_where_nothing_is_installed_is_no_error(
    tmp_path: Path, bundles: dict[str, Path], arguments: tuple[str, ...]
) -> None:
    script = bundles[OLD_VERSION] / "install.sh"
    assert run_installer(script, tmp_path, *arguments).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--purge",), "--purge goes with uninstall"),
        (("--with-gateway", "uninstall"), "--with-gateway goes with an installation"),
        (("gateway",), "gateway needs enable or disable"),
        (("gateway", "start"), "gateway needs enable or disable"),
        (("gateway", "enable"), "in an image: --root DIR --with-gateway"),
        (("remove",), "unknown argument 'remove'"),
        (("--root",), "--root needs a folder"),
        (("--root", "/no/such/folder"), "no such folder"),
    ],
)
def test_wrong_usage_exits_2(
    tmp_path: Path, bundles: dict[str, Path], arguments: tuple[str, ...], message: str
) -> None:
    result = run_installer(bundles[OLD_VERSION] / "install.sh", tmp_path, *arguments)
    assert (result.returncode, result.stdout.count("\n")) == (2, 1)
    assert message in result.stdout


LIVE = """
root= offline=no state_dir=/var/lib/emotion-edge opt=/nowhere
create_user
start_service
"""
RECORD = """#!/bin/sh
echo "${0##*/} $*" >>"$CALLS"
case "${0##*/} $*" in "getent "*) exit "$KNOWN";; *MainPID*) echo 1;; esac
"""


@pytest.mark.parametrize(("known", "unit_changed"), [(False, "yes"), (True, "yes"), (True, "no")])
def test_a_live_system_gets_its_user_in_the_cameras_group_and_a_restart(
    known: bool, unit_changed: str, tmp_path: Path
) -> None:
    """What `--root` leaves out, with stand-ins for the system's commands."""
    for name in ("getent", "useradd", "usermod", "systemctl"):
        (tmp_path / name).write_text(RECORD)
        (tmp_path / name).chmod(0o755)
    script = instead_of_main(LIVE)
    environment = os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "CALLS": str(tmp_path / "calls"),
        "KNOWN": str(int(not known)),
        "unit_changed": unit_changed,
    }
    subprocess.run(["bash", "-c", script], check=True, env=environment)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert any(call.startswith("useradd --system") for call in calls) == (not known)
    assert "usermod --append --groups video emotion-edge" in calls
    assert calls.index("systemctl daemon-reload") < calls.index("systemctl enable --quiet emotion-edge")
    assert calls[-1] == "systemctl restart emotion-edge"  # also where the unit is the old one, but another release runs


GO_BACK = """
root= offline=no opt=$OPT releases=$OPT/releases release=new
unit=$OPT/unit gateway_unit=$OPT/gateway wrapper=$OPT/wrapper
replaced=releases/old before_replaced=$BEFORE
go_back
"""


@pytest.mark.parametrize("before", ["", "releases/oldest"])
@pytest.mark.parametrize(("restarts", "message"), [(True, "old runs again"), (False, "nor does old any more")])
def test_an_upgrade_that_fails_goes_back_to_the_release_that_ran(
    restarts: bool, message: str, before: str, tmp_path: Path
) -> None:
    """With a stand-in for systemctl; on a real system it is `make test-systemd`'s."""
    programs = tmp_path / "bin"
    opt = tmp_path / "opt"
    programs.mkdir()
    (programs / "systemctl").write_text(f'#!/bin/sh\ncase "$*" in restart*) {str(restarts).lower()};; esac\n')
    (programs / "systemctl").chmod(0o755)
    for release in ("oldest", "old", "new"):
        (opt / "releases" / release / "systemd").mkdir(parents=True)
        (opt / "releases" / release / "systemd/emotion-edge.service").write_text(release)
    (opt / "current").symlink_to("releases/new")
    (opt / "previous").symlink_to("releases/old")
    script = instead_of_main(GO_BACK)
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "OPT": str(opt), "BEFORE": before}
    done = subprocess.run(["bash", "-c", script], env=environment, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert message in done.stderr.splitlines()[-1]
    assert (opt / "current").readlink() == Path("releases/old")
    assert (opt / "unit").read_text() == "old"
    kept = {path.name for path in (opt / "releases").iterdir()}
    assert kept == ({"old", "oldest"} if before else {"old"})
    assert (opt / "previous").is_symlink() == bool(before)  # one step further back is still there


@pytest.mark.parametrize("arguments", [(), ("uninstall", "--purge")])
def test_needs_root(arguments: tuple[str, ...]) -> None:
    """The script is read from standard input: an unprivileged user may not enter this folder."""
    result = subprocess.run(
        ["bash", "-s", *arguments],
        check=False,
        text=True,
        input=(SYSTEMD / "install.sh").read_text(),
        capture_output=True,
        cwd="/",
        user="nobody" if os.geteuid() == 0 else None,
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == "install.sh: needs root: run it with sudo\n"


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_has_nothing_to_say() -> None:
    command = ["shellcheck", str(SYSTEMD / "install.sh"), str(SYSTEMD / "emotion-edge")]
    result = subprocess.run(command, check=False, text=True, stdout=subprocess.PIPE)
    assert (result.returncode, result.stdout) == (0, "")
