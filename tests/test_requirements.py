"""The device's requirements resolve to aarch64 wheels on both Pi OS releases."""

import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from convert.release.wheels import platform_arguments
from edge.locks import install as lock_installer
from tests import make_locks

REQUIREMENTS = Path(__file__).parent.parent / "requirements-edge.txt"
EXTRAS = [REQUIREMENTS.parent / "edge" / f"requirements-{name}.txt" for name in ("report", "heif", "gateway", "notify")]
GATEWAY_REQUIREMENTS = make_locks.GATEWAY_REQUIREMENTS


def pi(python: str) -> make_locks.System:
    return make_locks.System(python, "aarch64")


def arguments_for(requirements: Path, python: str) -> list[str]:
    """What makes pip resolve `requirements` for a 64-bit Pi."""
    return [*platform_arguments(python), *map(str, make_locks.requirements_on(pi(python), requirements))]


@pytest.mark.parametrize(
    ("python", "expected"),
    [
        ("3.11", ["numpy<2,>=1.24", "opencv-python-headless==4.11.0.86", "ai-edge-litert==2.3.0"]),
        ("3.13", ["numpy<3,>=2.2", "opencv-python-headless==4.14.0.94", "ai-edge-litert==2.3.0"]),
    ],
)
def test_markers_choose_the_pins_of_each_release(python: str, expected: list[str]) -> None:
    assert [str(required) for required in make_locks.requirements_on(pi(python))[:3]] == expected


@pytest.mark.parametrize("python", ["3.11", "3.13"])
def test_pip_resolves_to_aarch64_wheels(python: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--target", str(tmp_path)]
    done = subprocess.run([*command, *arguments_for(REQUIREMENTS, python)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    resolved = done.stdout.rsplit("Would install", 1)[1]
    major = "numpy-1." if python == "3.11" else "numpy-2."
    assert major in resolved
    assert "ai-edge-litert-2.3.0" in resolved


@pytest.mark.parametrize("python", ["3.11", "3.13"])
def test_the_extras_requirements_leave_the_devices_numpy_alone(python: str, tmp_path: Path) -> None:
    together = tmp_path / "together.txt"
    together.write_text("".join(path.read_text() for path in (REQUIREMENTS, *EXTRAS)))
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--target", str(tmp_path)]
    done = subprocess.run([*command, *arguments_for(together, python)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    resolved = done.stdout.rsplit("Would install", 1)[1]
    assert ("numpy-1." if python == "3.11" else "numpy-2.") in resolved
    assert "pandas-2." in resolved
    assert "pillow_heif-1.8.1" in resolved.replace("-heif", "_heif")


@pytest.mark.parametrize("python", ["3.11", "3.13"])
def test_the_gateways_requirements_have_aarch64_wheels(python: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--target", str(tmp_path)]
    done = subprocess.run([*command, *arguments_for(GATEWAY_REQUIREMENTS, python)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    resolved = done.stdout.rsplit("Would install", 1)[1].lower()
    assert all(name in resolved for name in ("flask-3.1.3", "waitress-3.0.2", "pillow-12.3.0", "segno-1.6.6"))
    assert "numpy" not in resolved


LOCKS = sorted((REQUIREMENTS.parent / "edge" / "locks").glob("*.txt"))
WRITE_AGAIN = "run `python -m tests.make_locks` with each Python"


def pins_of(path: Path) -> dict[str, str]:
    """The versions by package; fails where a lock's line has no hash."""
    entries = path.read_text().replace("\\\n", " ").splitlines()
    pins = {}
    for entry in entries[1:]:
        pinned, *hashes = entry.split()
        name, version = pinned.split("==")
        assert ("unhashed" in path.name) == (not hashes), entry
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in hashes), entry
        pins[name] = version
    return pins


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_a_lock_names_no_host(path: Path) -> None:
    assert not re.search(r"://|--index|--find|\.(org|com|net)\b", path.read_text())


each_system = pytest.mark.parametrize("system", make_locks.SYSTEMS, ids=lambda system: system.name)
each_prefix = pytest.mark.parametrize("prefix", make_locks.REQUIREMENTS_BY_PREFIX)


def locked_on(system: make_locks.System, prefix: str) -> dict[str, str]:
    """The versions by package, those without hashes included."""
    pins = pins_of(make_locks.LOCKS / f"{prefix}{system.name}.txt")
    unhashed = make_locks.LOCKS / f"{prefix}{system.name}-unhashed.txt"
    return pins | pins_of(unhashed) if unhashed.exists() else pins


@each_system
@each_prefix
def test_lock_and_requirements_agree(prefix: str, system: make_locks.System) -> None:
    """Each requirement of a system is locked there, within its range; the requirements were not changed alone."""
    pins = locked_on(system, prefix)
    for required in make_locks.requirements_on(system, make_locks.REQUIREMENTS_BY_PREFIX[prefix]):
        name = canonicalize_name(required.name)
        assert name in pins, f"{system.name}: {required}; {WRITE_AGAIN}"
        assert required.specifier.contains(pins[name]), f"{system.name}: {required}; {WRITE_AGAIN}"


@each_system
def test_the_gateways_lock_changes_no_package_of_the_daemons(system: make_locks.System) -> None:
    daemon, gateway = locked_on(system, ""), locked_on(system, "gateway-")
    assert {name: gateway[name] for name in daemon.keys() & gateway.keys()}.items() <= daemon.items()


def test_every_lock_belongs_to_a_system() -> None:
    names = {f"{prefix}{system.name}" for prefix in make_locks.REQUIREMENTS_BY_PREFIX for system in make_locks.SYSTEMS}
    assert {path.stem.removesuffix("-unhashed") for path in LOCKS} == names


@each_system
@each_prefix
def test_pip_finds_all_that_is_locked_and_needs_nothing_else(
    prefix: str, system: make_locks.System, tmp_path: Path
) -> None:
    """With --require-hashes pip refuses whatever a package needs beyond the lock."""
    if system.machine == "armv7l":
        pytest.skip("its numpy, OpenCV and pillow come from apt or piwheels")
    if system.python != ".".join(platform.python_version_tuple()[:2]):
        pytest.skip("pip asks the Python that it runs in what a package needs")
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--target", str(tmp_path)]
    lock = ["--require-hashes", "--requirement", str(make_locks.LOCKS / f"{prefix}{system.name}.txt")]
    done = subprocess.run(
        [*command, *platform_arguments(system.python, system.machine), *lock], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("machine", "is_32_bit", "expected"),
    [
        ("aarch64", False, "aarch64"),
        ("x86_64", False, "x86_64"),
        ("armv7l", True, "armv7l"),
        ("armv8l", True, "armv7l"),
        ("aarch64", True, "armv7l"),  # Pi OS 32-bit on its 64-bit kernel
    ],
)
def test_the_lock_is_chosen_by_what_python_was_built_for(machine: str, is_32_bit: bool, expected: str) -> None:
    name = lock_installer.system_name(machine, is_32_bit)
    assert name == f"cp{sys.version_info.major}{sys.version_info.minor}-{expected}"


WITH_NUMPY = [path for path in LOCKS if "\nnumpy==" in path.read_text()]


@pytest.mark.parametrize("path", WITH_NUMPY, ids=lambda path: path.stem)
def test_apts_numpy_is_left_out_of_a_lock_with_its_hashes_and_nothing_else_is(path: Path) -> None:
    lines = path.read_text().splitlines()
    kept = lock_installer.without_numpy(lines)
    left_out = [line for line in lines if line not in kept]
    assert left_out[0].startswith("numpy==")
    assert len(left_out) == (1 if "unhashed" in path.name else 2)
    assert [line for line in lines if line in kept] == kept
