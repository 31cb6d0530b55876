"""`emotion-edge COMMAND` on the device: what install.sh puts into /usr/local/bin, and going back with it.

Stand-ins for `id` and `setpriv` leave out what only root may do; the rest is the real script.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.systemd.bundles import (
    NEW_VERSION,
    OLD_VERSION,
    SYSTEMD,
    WRAPPER,
    copy_root,
    install,
    list_tree,
    make_bundle,
    make_bundles,
    needs_environments,
    run_installer,
    run_release,
    write_checksums,
)

pytestmark = needs_environments

PROGRAM = """
import argparse, os, sys

parser = argparse.ArgumentParser(prog="edge")
parser.add_argument("--version", action="version", version="edge VERSION")
commands = parser.add_subparsers(dest="command")
for name in ("doctor", "run", "export", "pause", "gateway"):
    command = commands.add_parser(name)
    if name == "gateway":
        command.add_argument("action", nargs="?", choices=("run", "url", "token"), default="run")
        command.add_argument("--new", action="store_true")
    group = command.add_mutually_exclusive_group() if name == "export" else command
    if name != "pause":
        group.add_argument("--config", metavar="FILE", help="settings")
    if name in ("export", "run"):
        group.add_argument("--log", metavar="FILE")
    for option in ("--a-long-option", "--another-long-option", "--yet-another-long-option"):
        command.add_argument(option)
page = commands.add_parser("report")
page.add_argument("--config", metavar="FILE")
page.add_argument("--output", metavar="FILE")
args = parser.parse_args()
if args.command == "report" and args.output == "-":
    sys.stdout.buffer.write("<p>\\u00e9\\0</p>".encode())
    sys.exit()
if "STATUS" in os.environ:
    sys.exit(int(os.environ["STATUS"]))
config, log = getattr(args, "config", None), getattr(args, "log", None)
print(args.command, config, log, os.getcwd(), os.environ["STATE_DIRECTORY"], os.environ["HOME"], sep="|")
"""
SETTINGS = "/etc/emotion-edge/settings.toml"
STATE = "/var/lib/emotion-edge"
Run = Callable[..., subprocess.CompletedProcess[str]]


def make_release(parent: Path, version: str, program: str = PROGRAM) -> Path:
    bundle = make_bundle(parent, version)
    (bundle / "edge/__main__.py").write_text(program.replace("VERSION", version))
    write_checksums(bundle)
    return bundle


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_bundles(tmp_path_factory, make_release, OLD_VERSION, NEW_VERSION)


@pytest.fixture(scope="module")
def two_releases(tmp_path_factory: pytest.TempPathFactory, releases: dict[str, Path]) -> Path:
    root = tmp_path_factory.mktemp("two")
    for version in (OLD_VERSION, NEW_VERSION):
        install(releases[version], root)
    return root


@pytest.fixture
def root(two_releases: Path, tmp_path: Path) -> Path:
    return copy_root(two_releases, tmp_path / "root")


@pytest.fixture
def wrapper(root: Path, tmp_path: Path) -> Run:
    """Run the installed script, with /opt under `root`; `uid` is whom `id` names."""
    programs = tmp_path / "bin"
    folder = tmp_path / "callers folder"
    programs.mkdir()
    folder.mkdir()
    (programs / "setpriv").write_text('#!/bin/sh\nprintf "setpriv %s %s %s: " "$1" "$2" "$3"\nshift 4\nexec "$@"\n')
    (programs / "id").write_text('#!/bin/sh\ncase $1 in -u) echo "$ID";; -un) echo "$NAME";; esac\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    script = (root / WRAPPER).read_text().replace("/opt/emotion-edge", f"{root}/opt/emotion-edge")
    (programs / "emotion-edge").write_text(script)

    def run(*arguments: str, uid: int = 0, name: str = "root", **extra: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": f"{programs}:{os.environ['PATH']}", "ID": str(uid), "NAME": name, **extra}
        command = ["sh", str(programs / "emotion-edge"), *arguments]
        return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)

    return run


@pytest.mark.parametrize(
    ("arguments", "config", "log"),
    [
        (["doctor"], SETTINGS, "None"),
        (["doctor", "--config", "mine.toml"], "mine.toml", "None"),
        (["doctor", "--config=mine.toml"], "mine.toml", "None"),
        (["doctor", "--conf", "mine.toml"], "mine.toml", "None"),
        (["run", "--log", "a b.db"], SETTINGS, "a b.db"),
        (["export"], SETTINGS, "None"),
        (["export", "--log", "a b.db"], "None", "a b.db"),
        (["export", "--log=a b.db"], "None", "a b.db"),
        (["pause"], "None", "None"),
    ],
)
def test_runs_as_the_services_user_with_its_settings(
    wrapper: Run, tmp_path: Path, arguments: list[str], config: str, log: str
) -> None:
    done = wrapper(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    user, _, said = done.stdout.rpartition(": ")
    assert user == "setpriv --reuid=emotion-edge --regid=emotion-edge --init-groups"
    assert said.strip() == "|".join([arguments[0], config, log, str(tmp_path / "callers folder"), STATE, STATE])


def test_the_services_own_user_needs_no_root(wrapper: Run) -> None:
    done = wrapper("doctor", uid=999, name="emotion-edge")
    assert done.stdout.startswith(f"doctor|{SETTINGS}|")


def test_a_page_comes_out_for_the_callers_shell_to_write(wrapper: Run) -> None:
    """`sudo emotion-edge report --output - > report.html`: its user may not write in the caller's folder."""
    done = wrapper("report", "--output", "-", uid=999, name="emotion-edge")
    assert (done.returncode, done.stdout) == (0, "<p>\u00e9\0</p>")


def test_another_user_is_told_to_use_sudo(wrapper: Run) -> None:
    done = wrapper("doctor", "--json", uid=1000, name="pi")
    assert (done.returncode, done.stdout) == (2, "")
    assert "sudo emotion-edge doctor --json" in done.stderr


def test_the_programs_status_is_the_wrappers(wrapper: Run) -> None:
    assert wrapper("doctor", STATUS="78").returncode == 78
    assert wrapper("no-such-command").returncode == 2


def test_what_comes_before_a_command_goes_through(wrapper: Run) -> None:
    assert wrapper("--version").stdout.endswith(": edge 1.1.0\n")


def test_modules_in_the_callers_folder_are_not_the_programs(wrapper: Run, tmp_path: Path) -> None:
    for name in ("edge.py", "argparse.py"):
        (tmp_path / "callers folder" / name).write_text("raise SystemExit('somebody else')")
    assert wrapper("doctor").returncode == 0


def test_without_an_installed_release_it_says_so(wrapper: Run, root: Path) -> None:
    shutil.rmtree(root / "opt")
    done = wrapper("doctor")
    assert done.returncode == 2
    assert "not installed" in done.stderr


def test_a_file_of_that_name_that_is_somebody_elses_stays(tmp_path: Path, releases: dict[str, Path]) -> None:
    mine = tmp_path / WRAPPER
    mine.parent.mkdir(parents=True)
    mine.write_text("#!/bin/sh\necho mine\n")
    said = install(releases[OLD_VERSION], tmp_path)
    assert "is somebody else's and stays" in said
    assert run_installer(releases[OLD_VERSION] / "install.sh", tmp_path, "uninstall").returncode == 0
    assert mine.read_text() == "#!/bin/sh\necho mine\n"


def test_a_link_of_that_name_stays_with_what_it_points_to(root: Path, releases: dict[str, Path]) -> None:
    target = root / "program"
    shutil.move(root / WRAPPER, target)
    (root / WRAPPER).symlink_to(target)
    before = target.read_text()
    assert "is somebody else's and stays" in install(releases[NEW_VERSION], root)
    assert (root / WRAPPER).is_symlink()
    assert target.read_text() == before


def test_an_older_one_is_replaced_and_uninstall_removes_it(root: Path, releases: dict[str, Path]) -> None:
    installed = root / WRAPPER
    assert installed.read_text() == (SYSTEMD / "emotion-edge").read_text()
    assert installed.stat().st_mode & 0o777 == 0o755
    installed.write_text(installed.read_text() + "# as another version had it\n")
    install(releases[NEW_VERSION], root)
    assert installed.read_text() == (SYSTEMD / "emotion-edge").read_text()
    assert run_installer(releases[NEW_VERSION] / "install.sh", root, "uninstall").returncode == 0
    assert not installed.exists()


def test_rollback_goes_to_the_release_before_and_forth_again(root: Path, wrapper: Run) -> None:
    script = root / "opt/emotion-edge/current/systemd/install.sh"
    for version, other in ((OLD_VERSION, NEW_VERSION), (NEW_VERSION, OLD_VERSION)):
        result = run_installer(script, root, "rollback")
        assert result.returncode == 0, result.stdout
        assert f"Went back to emotion-edge {version}" in result.stdout
        assert run_release(root) == f"edge {version}\n"
        assert run_release(root, "previous") == f"edge {other}\n"
    refused = wrapper("rollback", "now")
    assert (refused.returncode, "takes no arguments" in refused.stderr) == (2, True)


def test_rollback_of_the_wrapper_is_the_installed_scripts(root: Path, wrapper: Run) -> None:
    script = root / "opt/emotion-edge/current/systemd/install.sh"
    script.write_text('#!/bin/sh\necho "install.sh $*"\n')
    assert wrapper("rollback").stdout == "install.sh rollback\n"


@pytest.mark.parametrize("what", ["gateway", "light"])
@pytest.mark.parametrize("action", ["enable", "disable"])
def test_the_switches_are_the_installed_scripts(what: str, action: str, root: Path, wrapper: Run) -> None:
    script = root / "opt/emotion-edge/current/systemd/install.sh"
    script.write_text('#!/bin/sh\necho "install.sh $*"\n')
    assert wrapper(what, action).stdout == f"install.sh {what} {action}\n"
    assert wrapper(what, action, "now").returncode == 2


@pytest.mark.parametrize("arguments", [("gateway", "url"), ("gateway",), ("gateway", "token", "--new")])
def test_the_pages_other_commands_are_the_programs(arguments: tuple[str, ...], wrapper: Run) -> None:
    assert f"|{SETTINGS}|" in wrapper(*arguments).stdout


def test_rollback_without_a_release_before_changes_nothing(tmp_path: Path, releases: dict[str, Path]) -> None:
    script = releases[OLD_VERSION] / "install.sh"
    nothing = tmp_path / "nothing"
    one = tmp_path / "one"
    nothing.mkdir()
    one.mkdir()
    install(releases[OLD_VERSION], one)
    for root in (nothing, one):
        before = list_tree(root)
        result = run_installer(script, root, "rollback")
        assert result.returncode == 1
        assert "no release to go back to" in result.stdout
        assert list_tree(root) == before


def test_rollback_to_a_release_that_does_not_start_changes_nothing(root: Path) -> None:
    (root / "opt/emotion-edge/previous/edge/__main__.py").write_text("raise SystemExit(1)\n")
    before = list_tree(root)
    result = run_installer(root / "opt/emotion-edge/current/systemd/install.sh", root, "rollback")
    assert result.returncode == 1
    assert "1.0.0" in result.stdout
    assert "does not start; nothing was switched" in result.stdout
    assert list_tree(root) == before


ROLLBACK = """
offline=no root=$ROOT opt=$ROOT/opt/emotion-edge
releases=$opt/releases unit=$ROOT/unit gateway_unit=$ROOT/gateway-unit wrapper=$ROOT/usr/local/bin/emotion-edge
service_is_active() { true; }
rollback_daemon
"""


def test_a_rollback_that_does_not_get_ready_returns_and_keeps_both(root: Path, tmp_path: Path) -> None:
    """With a stand-in for systemctl, which starts the newer release only."""
    programs = tmp_path / "programs"
    programs.mkdir()
    newer = (root / "opt/emotion-edge/current").readlink()
    check = f'case "$*" in restart*) [ "$(readlink {root}/opt/emotion-edge/current)" = {newer} ];; esac'
    (programs / "systemctl").write_text(f"#!/bin/sh\n{check}\n")
    (programs / "systemctl").chmod(0o755)
    script = (SYSTEMD / "install.sh").read_text().removesuffix('main "$@"\n') + ROLLBACK
    environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "ROOT": str(root)}
    done = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "runs again" in done.stderr
    assert run_release(root) == "edge 1.1.0\n"
    assert run_release(root, "previous") == "edge 1.0.0\n"
