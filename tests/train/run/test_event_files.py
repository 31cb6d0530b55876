"""What is written, TensorBoard's own reader reads."""

from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from train.run.event_files import TensorBoardLog


def read(folder: Path) -> dict[str, list[tuple[int, float]]]:
    events = EventAccumulator(str(folder)).Reload()
    return {
        tag: sorted((event.step, float(make_ndarray(event.tensor_proto))) for event in events.Tensors(tag))
        for tag in events.Tags()["tensors"]
    }


def test_a_resumed_log_is_read_as_one_and_training_and_validation_share_their_tags(tmp_path: Path) -> None:
    TensorBoardLog(tmp_path).write(0, {"loss": 2.0, "accuracy": 0.25, "val_loss": 1.5})
    resumed = TensorBoardLog(tmp_path)
    for epoch, loss in ((1, 1.0), (2, 0.5)):
        resumed.write(epoch, {"loss": loss, "accuracy": 0.5, "val_loss": loss + 0.25})
    training = read(tmp_path / "training")
    validation = read(tmp_path / "validation")
    assert training == {
        "loss": [(1, 2.0), (2, 1.0), (3, 0.5)],
        "accuracy": [(1, 0.25), (2, 0.5), (3, 0.5)],
    }
    assert validation["loss"] == [(1, 1.5), (2, 1.25), (3, 0.75)]
