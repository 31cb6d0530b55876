"""Where a command cannot write, it says which file, why, and what to do."""

import errno
import os
from pathlib import Path

import pytest

from edge.commands.system_error import explain
from tests.program import Program, errors


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EISDIR, "a/b: is a directory; give the name of a file"),
        (errno.ENOENT, "a/b: no such file or directory; check the name"),
        (errno.EACCES, "a/b: permission denied; choose a place where this user may write"),
        (errno.EEXIST, "a/b: file exists; a file stands where a folder is needed"),
        (errno.ENOSPC, "a/b: no space left on device; free space"),
        (errno.EIO, "a/b: input/output error"),
    ],
)
def test_each_refusal_names_file_reason_and_remedy(number: int, words: str) -> None:
    try:
        raise OSError(number, os.strerror(number), "a/b")
    except OSError as error:
        assert str(explain(error)).startswith(words)


def test_an_error_without_words_is_named() -> None:
    assert str(explain(ConnectionResetError())) == "the system gave no reason"
    assert "secret" not in str(explain(FileNotFoundError(2, "No such file", "rtsp://me:secret@host/cam")))


@pytest.mark.parametrize(
    "arguments",
    [
        ("analyze", "a.txt", "--output", "folder"),
        ("analyze", "a.txt", "--output", "nowhere/out.jsonl"),
        ("analyze", "a.txt", "--annotate", "a.txt"),
        ("notice", "--output", "folder"),
        ("notice", "--output", "nowhere/notice.html"),
    ],
)
def test_every_output_is_refused_in_these_words(program: Program, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "a.txt").write_text("no picture")
    done = program(*arguments)
    [said] = errors(done)
    assert done.returncode == 1
    assert "Errno" not in said
    assert said.count("; ") == 1
    assert "Traceback" not in done.stderr
