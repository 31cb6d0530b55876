"""The wheel that `pip install .` makes: installed into a fresh environment, and used from a folder of its own."""

import shutil
import site
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from edge import __version__
from edge.settings import PROJECT, shipped_models

NAMES = ("edge", "models", "pyproject.toml", "README.md", "LICENSE", "requirements-edge.txt", "requirements-train.txt")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", "*.onnx")
USE_ANALYZER = """
import cv2
import edge
from edge import Analyzer
from edge.cameras import DEMO
frame = cv2.VideoCapture(str(DEMO)).read()[1]
print(edge.__file__, [face.emotion for face in Analyzer().analyze(frame)])
"""


def test_the_list_of_packages_is_whole() -> None:
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = [path.parent.relative_to(PROJECT) for path in (PROJECT / "edge").rglob("__init__.py")]
    assert sorted(settings["packages"]) == sorted(["edge._models", *(".".join(folder.parts) for folder in folders)])


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = tmp_path_factory.mktemp("source")
    for name in NAMES:
        if (PROJECT / name).is_dir():
            shutil.copytree(PROJECT / name, source / name, ignore=LEFT_OUT)
        else:
            shutil.copy(PROJECT / name, source)
    out = tmp_path_factory.mktemp("wheel")
    pip("wheel", "--no-deps", "--wheel-dir", out, source)
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a fresh environment, which finds the libraries of this one."""
    folder = tmp_path_factory.mktemp("fresh")
    venv.create(folder, symlinks=True)
    pip("--python", folder / "bin" / "python", "install", "--no-deps", "--no-index", wheel)
    libraries = next(folder.glob("lib/python*/site-packages"))
    (libraries / "present.pth").write_text("\n".join(site.getsitepackages()))
    return folder / "bin"


def test_the_wheel_holds_the_models_without_what_only_training_reads(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = {Path(name).name for name in archive.namelist() if name.startswith("edge/_models/")}
    for path in shipped_models().values():
        assert {path.name, path.with_suffix(".json").name} <= held
    assert not [name for name in held if name.endswith(".keras")]


def pip(*arguments: object) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def use(program: Path, *arguments: object, home: Path) -> subprocess.CompletedProcess[str]:
    command = [str(program), *map(str, arguments)]
    variables = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, cwd="/", env=variables, capture_output=True, text=True, timeout=120)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def test_the_library_works_from_any_folder(installed: Path, tmp_path: Path) -> None:
    done = use(installed / "python", "-c", USE_ANALYZER, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert str(installed.parent) in done.stdout
    assert "happy" in done.stdout
    assert done.stderr == ""


@pytest.mark.skipif(Path("/dev/video0").exists(), reason="a camera is plugged in here")
def test_the_command_shows_the_demo_and_logs_below_the_users_home(installed: Path, tmp_path: Path) -> None:
    done = use(installed / "emotion-edge", "run", home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "happy" in done.stdout
    log = tmp_path / ".local" / "state" / "emotion-edge" / "demo.db"
    assert f"`emotion-edge report --log {log}`" in done.stderr
    assert use(installed / "emotion-edge", "export", "--log", log, home=tmp_path).stdout.count("happy") > 3


def test_the_command_has_one_name_everywhere(installed: Path, tmp_path: Path) -> None:
    assert use(installed / "emotion-edge", "--version", home=tmp_path).stdout == f"emotion-edge {__version__}\n"
    assert "usage: emotion-edge " in use(installed / "emotion-edge", "--help", home=tmp_path).stdout
    assert use(installed / "emotion-edge", "doctor", "--json", home=tmp_path).returncode in (0, 1)


def test_bash_completes_the_commands(installed: Path, tmp_path: Path) -> None:
    script = 'eval "$(emotion-edge completion bash)"; COMP_WORDS=(emotion-edge re); COMP_CWORD=1; '
    script += 'COMP_LINE="emotion-edge re"; COMP_POINT=15; $(complete -p emotion-edge | grep -o "_shtab[a-z_]*"); '
    script += 'echo "${COMPREPLY[@]}"'
    variables = {"PATH": f"{installed}:/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(["bash", "-c", script], env=variables, capture_output=True, text=True)
    assert {"report", "resume"} <= set(done.stdout.split()), done.stderr
    assert (installed.parent / "share/bash-completion/completions/emotion-edge").is_file()
