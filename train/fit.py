"""Train a classifier into a run folder; killed at any moment, `--resume` carries on from the last epoch."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from train.data import DataError, Fer2013, load
from train.distributed import worker
from train.precision import Precision
from train.runs import open_run, read_recipe
from train.votes import load_with_votes

RECIPES = Path(__file__).parent / "recipes"
PEAKS = {"sgd": 0.1, "adam": 1e-3}  # learning rates usual with these; SGD's would make Adam diverge
STARTED_PEAK = 0.1  # of it, from trained weights: the whole would undo them


@dataclass(frozen=True)
class FitConfig:
    """What defines a run; saved beside it, and a resumed run must be given the same."""

    data: str
    votes: str = ""  # FER+ votes of the training faces; empty: none
    arch: str = "cnn"
    network: dict[str, Any] = field(default_factory=dict)  # sizes other than the architecture's own, as it names them
    pretrained: bool = False  # start from ImageNet weights, where the architecture has some
    start: str = ""  # trained network, .keras, whose weights to start from; empty: random ones
    epochs: int = 40
    seed: int = 1
    batch_size: int = 128
    optimizer: Literal["sgd", "adam"] = "sgd"  # with Nesterov momentum
    learning_rate: float | None = None  # peak; by default the usual one
    warmup_epochs: float = 1.0  # batch norm's statistics settle before the full step size
    momentum: float = 0.9
    label_smoothing: float = 0.1  # FER2013's labels are doubtful: people agree with about two in three
    ema_span: float = 0.02  # of the run: the weights kept are averaged over about this last part
    class_weights: bool = False  # weigh rare classes up: better balanced accuracy, worse accuracy
    votes_weight: float = 0.5  # of the second head's loss, which learns FER+ votes; there is none without votes
    soft_targets: str = ""  # file in train/recipes made by `train teach`; empty: labels alone
    soft_share: float = 0.8  # of the target that comes from the teachers, the rest is the label
    precision: Precision = "auto"  # bfloat16 where the processor multiplies it, else float32

    @property
    def peak_learning_rate(self) -> float:
        """After the warm-up."""
        return self.learning_rate or PEAKS[self.optimizer] * (STARTED_PEAK if self.start else 1)


def from_recipe(name: str, **changes: Any) -> FitConfig:
    """Read `train/recipes/<name>.toml`, or the file `name` where that ends in .toml; `changes` override it.

    Raises DataError for an unknown recipe or setting, or one of the wrong kind.
    """
    path = Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"
    if not path.is_file():
        raise DataError(f"no recipe {name!r}; there are {', '.join(recipes())}")
    return read_recipe(FitConfig, path, changes)


def recipes() -> list[str]:
    """The names that `from_recipe` knows."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def fit(config: FitConfig, out: Path, resume: bool = False) -> dict[str, Any]:
    """Train as `config` says into the folder `out` and return the validation metrics.

    Leaves config.json, history.csv, model.keras, metrics.json, curves.png and confusion.png. Raises DataError
    where the data cannot be used, or where `out` holds another run.
    """
    data = load_with_votes(config.data, config.votes) if config.votes else load(config.data)
    return fit_on(data, config, out, resume)


def fit_on(data: Fer2013, config: FitConfig, out: Path, resume: bool = False) -> dict[str, Any]:
    """`fit` on faces that are read already."""
    for split in ("train", "validation"):
        data.split(split)
    if worker()[0] == 0:
        open_run(config, out, resume)
        print(describe(data), flush=True)
    from train.training import train  # TensorFlow takes seconds to import: refuse what cannot work before

    return train(config, data, out)


def describe(data: Fer2013) -> str:
    """The data set in one line."""
    note = "; validation is a held-out tenth of training" if data.held_out else ""
    return (
        f"{len(data.train)} training faces ({data.dropped_twins} twins of validation or test faces dropped), "
        f"{len(data.validation)} validation, {len(data.test)} test{note}"
    )
