import pickle
from pathlib import Path

from edge.errors import EdgeError, LogError
from tests.program import Program


def test_what_was_found_and_what_to_do_are_two_things() -> None:
    error = LogError("log.db: a; b", "free space")
    assert (error.found, error.remedy, str(error)) == ("log.db: a; b", "free space", "log.db: a; b; free space")
    assert str(EdgeError("only found")) == "only found"
    assert pickle.loads(pickle.dumps(error)).remedy == "free space"


def test_the_terminal_gives_the_remedy_a_line_of_its_own(program: Program) -> None:
    done = program("run", "--source", "usb:97")
    assert "ERROR USB camera: /dev/video97 is not there\n   -> " in done.stderr


def test_a_semicolon_in_a_path_is_no_remedy(program: Program, tmp_path: Path) -> None:
    (tmp_path / "a; b.toml").write_text("[camera")
    done = program("run", "--config", "a; b.toml")
    assert done.returncode == 78
    said, remedy = done.stderr.splitlines()[-2:]
    assert said.startswith("ERROR a; b.toml: not TOML")
    assert remedy.startswith("   -> correct that line")
