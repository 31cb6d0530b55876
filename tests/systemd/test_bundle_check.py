"""install.sh takes a bundle only where SHA256SUMS lists exactly the files that are there."""

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.systemd.bundles import NEW_VERSION, list_tree, make_bundle, needs_environments, run_installer

pytestmark = needs_environments

MODEL = "models/emotion_int8.tflite"


@pytest.fixture(scope="module")
def sound_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_bundle(tmp_path_factory.mktemp("sound"), NEW_VERSION)


def change_model(bundle: Path) -> None:
    (bundle / MODEL).write_bytes(b"a modem")


def take_model_away(bundle: Path) -> None:
    (bundle / MODEL).unlink()


def add_module(bundle: Path) -> None:
    (bundle / "edge/sitecustomize.py").write_text("print('not asked for')\n")


def add_module_in_new_folder(bundle: Path) -> None:
    (bundle / "edge/deep/er").mkdir(parents=True)
    (bundle / "edge/deep/er/module.py").touch()


def add_wheel(bundle: Path) -> None:
    (bundle / "wheels").mkdir()
    (bundle / "wheels/numpy-9-py3-none-any.whl").touch()


def add_hidden_file(bundle: Path) -> None:
    (bundle / "systemd/.hidden").touch()


def add_name_with_newline(bundle: Path) -> None:
    (bundle / "edge/a\nb.py").touch()


def add_cache(bundle: Path) -> None:
    (bundle / "edge/__pycache__").mkdir()
    (bundle / "edge/__pycache__/contract.cpython-311.pyc").touch()


def replace_model_by_link(bundle: Path) -> None:
    shutil.move(bundle / MODEL, bundle.with_suffix(".elsewhere"))
    (bundle / MODEL).symlink_to(bundle.with_suffix(".elsewhere"))


def replace_folder_by_link(bundle: Path) -> None:
    shutil.move(bundle / "models", bundle.with_suffix(".models"))
    (bundle / "models").symlink_to(bundle.with_suffix(".models"))


def add_dangling_link(bundle: Path) -> None:
    (bundle / "edge/nowhere").symlink_to("/no/such/file")


def add_fifo(bundle: Path) -> None:
    os.mkfifo(bundle / "models/pipe")


def add_socket(bundle: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        folder = os.open(bundle, os.O_RDONLY)  # a socket's path has at most 107 characters
        listener.bind(f"/proc/self/fd/{folder}/socket")
        os.close(folder)


def take_list_away(bundle: Path) -> None:
    (bundle / "SHA256SUMS").unlink()


def empty_list(bundle: Path) -> None:
    (bundle / "SHA256SUMS").write_text("")


def replace_list_by_link(bundle: Path) -> None:
    shutil.move(bundle / "SHA256SUMS", bundle.with_suffix(".sums"))
    (bundle / "SHA256SUMS").symlink_to(bundle.with_suffix(".sums"))


def rewrite_list(change: Callable[[str], str]) -> Callable[[Path], None]:
    def rewrite(bundle: Path) -> None:
        sums = bundle / "SHA256SUMS"
        sums.write_text("".join(change(line) for line in sums.read_text().splitlines(keepends=True)))

    return rewrite


def only_model(change: Callable[[str], str]) -> Callable[[Path], None]:
    return rewrite_list(lambda line: change(line) if MODEL in line else line)


absolute_path = only_model(lambda line: line.replace(f"./{MODEL}", "/etc/hostname"))
path_through_parent = only_model(lambda line: line.replace(f"./{MODEL}", f"edge/../{MODEL}"))
path_outside = only_model(lambda line: line.replace(f"./{MODEL}", "../x"))
doubled_name = only_model(lambda line: line + line)
left_out = only_model(lambda line: "")
not_a_checksum = only_model(lambda line: f"sha256 of {line}")
escaped_name = only_model(lambda line: "\\" + line)
comment = only_model(lambda line: f"# {line}")


@pytest.mark.parametrize(
    "tamper",
    [
        *(change_model, take_model_away, add_module, add_module_in_new_folder, add_wheel, add_hidden_file),
        *(add_name_with_newline, add_cache, replace_model_by_link, replace_folder_by_link, add_dangling_link),
        *(add_fifo, add_socket, take_list_away, empty_list, replace_list_by_link),
        *(absolute_path, path_through_parent, path_outside, doubled_name, left_out, not_a_checksum),
        *(escaped_name, comment),
    ],
)
def test_anything_else_than_what_the_list_says_is_refused_with_nothing_changed(
    tamper: Callable[[Path], None], sound_bundle: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    root = tmp_path / "root"
    shutil.copytree(sound_bundle, bundle)
    root.mkdir()
    tamper(bundle)
    result = run_installer(bundle / "install.sh", root)
    assert result.returncode == 1, result.stdout
    assert "damaged bundle, nothing was changed" in result.stdout
    assert list_tree(root) == {}


def test_the_script_inside_checks_as_well(sound_bundle: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(sound_bundle, bundle)
    take_list_away(bundle)
    (tmp_path / "root").mkdir()
    assert "no SHA256SUMS" in run_installer(bundle / "systemd/install.sh", tmp_path / "root").stdout


def test_what_is_wrong_is_named(sound_bundle: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    shutil.copytree(sound_bundle, bundle)
    (tmp_path / "root").mkdir()
    add_module(bundle)
    assert "edge/sitecustomize.py" in run_installer(bundle / "install.sh", tmp_path / "root").stdout
    change_model(bundle)
    (bundle / "edge/sitecustomize.py").unlink()
    assert f"{MODEL}: FAILED" in run_installer(bundle / "install.sh", tmp_path / "root").stdout
