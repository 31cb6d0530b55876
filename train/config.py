"""Every setting of a training run with its reason, and the recipes that hold the settings of
published models.
"""

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from train.data.classes import Classes, parse
from train.errors import ConfigError

SPLITS = ("train", "validation", "test")
Architecture = Literal["cnn", "committee", "vgg", "resnet", "mini_xception", "mobilenet_v2"]
Augmentation = Literal["on", "off"]
Optimizer = Literal["sgd", "adam"]
Precision = Literal["auto", "float32", "mixed_bfloat16"]
Config = TypeVar("Config")
RECIPES = Path(__file__).parent / "recipes"
Count = Annotated[int, msgspec.Meta(ge=1)]
Positive = Annotated[float, msgspec.Meta(gt=0)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
PEAKS = {"sgd": 0.1, "adam": 1e-3}  # learning rates usual with these; SGD's would make Adam diverge
STARTED_PEAK = 0.1  # of it, from trained weights: the whole would undo them


@dataclass(frozen=True)
class FitConfig:
    """What defines a run; saved beside it, and a resumed run must be given the same."""

    data: str
    labels: str = (
        ""  # the classes, as in happy,calm=neutral,upset=angry+sad; empty: the seven emotions
    )
    votes: str = ""  # FER+ votes of the training faces; empty: none
    arch: Architecture = "cnn"
    # Sizes other than the architecture's own, as it names them.
    network: dict[str, Any] = field(default_factory=dict)
    pretrained: bool = False  # start from ImageNet weights, where the architecture has some
    start: str = ""  # trained network, .keras, whose weights to start from; empty: random ones
    remember: str = ""  # data learned before, of which some are mixed in, with `start`; empty: none
    epochs: Count = 40
    seed: Annotated[int, msgspec.Meta(ge=0)] = 1
    batch_size: Count = 128
    optimizer: Optimizer = "sgd"  # with Nesterov momentum
    learning_rate: Positive | None = None  # peak; by default the usual one
    warmup_epochs: float = 1.0  # batch norm's statistics settle before the full step size
    momentum: Share = 0.9
    label_smoothing: Share = (
        0.1  # FER2013's labels are doubtful: people agree with about two in three
    )
    ema_span: Share = 0.02  # of the run: the weights kept are averaged over about this last part
    class_weights: bool = False  # weigh rare classes up: better balanced accuracy, worse accuracy
    votes_weight: float = (
        0.5  # of the second head's loss, which learns FER+ votes; there is none without votes
    )
    soft_targets: str = ""  # file in train/recipes made by `train teach`; empty: labels alone
    soft_share: Share = 0.8  # of the target that comes from the teachers, the rest is the label
    augmentation: Augmentation = "on"  # off: the faces as they are, to see what it brings
    precision: Precision = "auto"  # bfloat16 where the processor multiplies it, else float32

    def __post_init__(self) -> None:
        parse(self.labels)
        if self.remember and not self.start:
            raise ConfigError(
                "--remember without --start",
                "give the network that has learned these faces by --start",
            )
        if self.votes and self.soft_targets:
            raise ConfigError(
                f"--votes with soft targets: {self.soft_targets} holds the votes that it was made of, "
                "and they would take the place of those given",
                "leave out --votes, or take a recipe without soft_targets",
            )

    @property
    def classes(self) -> Classes:
        return parse(self.labels)

    @property
    def peak_learning_rate(self) -> float:
        """After the warm-up."""
        return self.learning_rate or PEAKS[self.optimizer] * (STARTED_PEAK if self.start else 1)


def from_recipe(name: str, **changes: Any) -> FitConfig:
    """Read `train/recipes/<name>.toml`, or the file `name` where that ends in .toml; `changes`
    override it.

    Raises ConfigError for an unknown recipe or setting, or one of the wrong kind.
    """
    path = Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"
    if not path.is_file():
        raise ConfigError(
            f"no recipe {name!r}",
            f"there are {', '.join(recipes())}, or give a file that ends in .toml",
        )
    return read_recipe(FitConfig, path, changes)


def recipes() -> list[str]:
    """The names that `from_recipe` knows."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def read_recipe(kind: type[Config], path: Path, changes: dict[str, Any]) -> Config:
    """Make a `kind`, a dataclass, of the TOML file `path`; `changes` override it.

    Raises ConfigError where it cannot be read, or holds an unknown setting or a value of the
    wrong kind.
    """
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path}: not a recipe that can be read ({error})",
            "write it like those in train/recipes",
        ) from error
    known = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    unknown = set(settings) - known
    if unknown:
        raise ConfigError(
            f"{path}: unknown setting {', '.join(sorted(unknown))}",
            f"there are {', '.join(sorted(known))}",
        )
    try:
        return msgspec.convert(settings | changes, kind)
    except msgspec.ValidationError as error:
        raise ConfigError(
            f"{path}: {error}", "correct it there, or by the option of the same name"
        ) from error
