"""Faults of what lies on the disk: it fills, the log's bytes flip, the model is swapped."""

import resource
import shutil
import signal
from pathlib import Path

from edge.settings import DEFAULT_MODEL
from tests.chaos.trial import EndedError, FaultError, Trial


def full_disk(trial: Trial) -> None:
    """No file may grow beyond where it is, or a little further; every second time it is killed in that state."""
    for number in trial.rounds(6):
        trial.start()
        trial.wait_for_rows()
        _, hard = resource.prlimit(trial.process.pid, resource.RLIMIT_FSIZE)
        limit = trial.chance.randrange(trial.witness.path.stat().st_size + 50_000)
        resource.prlimit(trial.process.pid, resource.RLIMIT_FSIZE, (limit, hard))
        trial.wait_for_words("cannot write the event log")
        trial.watch(trial.chance.uniform(0.0, 2.0))
        if number % 2:
            trial.signal(signal.SIGKILL)
            trial.witness.check()
            trial.start()
        else:
            resource.prlimit(trial.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        trial.wait_for_rows()
        trial.stop()


def flipped_bytes(trial: Trial) -> None:
    log = trial.witness.path
    outcomes = {"set aside": 0, "refused": 0, "went on": 0}
    for _ in trial.rounds(20):
        trial.start()
        trial.wait_for_rows(20)
        trial.stop()
        whole = log.read_bytes()
        corrupted = _flip(trial, whole)
        log.write_bytes(corrupted)
        trial.witness.read(log)
        outcomes[_outcome(trial, corrupted)] += 1
        for file in log.parent.glob("log.db*"):
            file.unlink()
        trial.witness.forget()
    trial.note = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.items())


def _outcome(trial: Trial, corrupted: bytes) -> str:
    """Start on a damaged log and see what comes of it; wherever it goes on, it must log."""
    log = trial.witness.path
    trial.start()
    try:
        trial.wait_for_words("watching picamera", restart=False)
    except EndedError:
        if log.read_bytes() != corrupted:
            raise FaultError("a refused log was changed") from None
        return "refused"
    trial.witness.forget()  # rows of a file that is aside by now
    trial.wait_for_rows()
    if trial.signal(signal.SIGTERM):
        raise FaultError(trial.said())
    copies = [path for path in log.parent.glob("log.db.damaged-*") if path.suffix not in ("-wal", "-shm")]
    trial.witness.check(whole=bool(copies))
    if copies and copies[0].read_bytes() != corrupted:
        raise FaultError("the log that was set aside was changed")
    return "set aside" if copies else "went on"


def _flip(trial: Trial, content: bytes) -> bytes:
    corrupted = bytearray(content)
    for _ in range(trial.chance.choice([1, 10, 1000])):
        place = trial.chance.choice([trial.chance.randrange(100), trial.chance.randrange(len(corrupted))])
        corrupted[place] ^= trial.chance.randrange(1, 256)
    return bytes(corrupted)


def swapped_model(trial: Trial) -> None:
    """The running daemon keeps the model that it checked; the next start refuses the other one."""
    model = trial.folder / DEFAULT_MODEL.name
    trial.configure(model=model)
    shutil.copy(DEFAULT_MODEL.with_suffix(".json"), trial.folder)
    content = DEFAULT_MODEL.read_bytes()
    other = trial.chance.randbytes(len(content))
    swaps = {
        "replaced": lambda: _written(trial.folder / "new.tflite", other).replace(model),
        "overwritten": lambda: model.write_bytes(other),
        "emptied": lambda: model.write_bytes(b""),
        "removed": model.unlink,
    }
    for number in trial.rounds(len(swaps)):
        model.write_bytes(content)
        trial.start()
        trial.wait_for_rows()
        list(swaps.values())[number]()
        starts = trial.starts
        trial.wait_for_rows(20)
        trial.stop()
        if trial.starts != starts:
            raise FaultError(f"a model {list(swaps)[number]} ended the running daemon")
        trial.start()
        if trial.wait() != 78:
            raise FaultError(f"a model {list(swaps)[number]} was not refused: {trial.said()}")
    model.write_bytes(content)
    trial.log_again()


def _written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path
