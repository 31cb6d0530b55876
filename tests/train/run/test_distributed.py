"""Two worker processes train as one would, and a run whose worker was killed is resumed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.synthetic import faces, write_csv
from train.errors import ConfigError
from train.run import checkpoint
from train.run.distributed import worker

PROJECT = Path(__file__).resolve().parents[3]
EPOCHS = 3


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small, in float32 and without the random parts that workers draw for themselves."""
    folder = tmp_path_factory.mktemp("distributed")
    write_csv(folder / "fer2013.csv", {"Training": faces(40, 1), "PublicTest": faces(10, 2)})
    settings = (
        f'arch = "mini_xception"\nepochs = {EPOCHS}\nbatch_size = 56\nprecision = "float32"\nlearning_rate = 0.02\n'
    )
    (folder / "small.toml").write_text(settings)
    return folder / "small.toml"


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start(recipe: Path, out: Path, count: int) -> list[subprocess.Popen[str]]:
    addresses = [f"127.0.0.1:{port}" for port in free_ports(count)]
    arguments = ["--recipe", str(recipe), "--data", str(recipe.parent / "fer2013.csv"), "--out", str(out), "--resume"]
    processes = []
    for index in range(count):
        environment = dict(os.environ)
        if count > 1:
            task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            environment["TF_CONFIG"] = json.dumps(task)
        command = [sys.executable, "-m", "train", "fit", *arguments]
        pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
        processes.append(subprocess.Popen(command, cwd=PROJECT, env=environment, **pipes))
    return processes


def test_two_workers_give_the_curve_of_one_and_survive_the_loss_of_one(recipe: Path, tmp_path: Path) -> None:
    (alone,) = start(recipe, tmp_path / "alone", 1)
    alone.communicate(timeout=300)
    first = start(recipe, tmp_path / "two", 2)
    deadline = time.monotonic() + 300
    while not (tmp_path / "two" / checkpoint.NAME).exists() and time.monotonic() < deadline and first[0].poll() is None:
        time.sleep(0.05)
    first[1].send_signal(signal.SIGKILL)
    errors = [process.communicate(timeout=300)[1] for process in first]
    assert first[0].returncode != 0, "the survivor cannot go on alone"
    assert "--resume" in errors[0]
    for process in start(recipe, tmp_path / "two", 2):
        _, error = process.communicate(timeout=300)
        assert process.returncode == 0, error
    one, two = (pd.read_csv(tmp_path / name / "history.csv") for name in ("alone", "two"))
    assert len(two) == EPOCHS
    np.testing.assert_allclose(two["loss"], one["loss"], atol=0.25)  # of 2.9: batch norm sees half a batch


@pytest.mark.parametrize("text", ["no JSON", "{}", '{"cluster": {"worker": ["a:1"]}}'])
def test_a_malformed_tf_config_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ConfigError, match='"cluster"'):
        worker()
