"""Read FER+ votes (fer2013new.csv of microsoft/FERPlus) and lay them beside the faces that they
are about.
"""

from dataclasses import replace
from pathlib import Path
from textwrap import shorten

import numpy as np
import pandas as pd

from edge.contract import LABELS
from train.config import SPLITS
from train.data.faces import Faces, Fer2013
from train.data.fer2013 import drop_duplicates, hold_out_validation, read
from train.data.reading.table import USAGES
from train.data.vote_columns import LABEL_COLUMNS, VOTE_COLUMNS
from train.errors import DataError

GIVE = "give fer2013new.csv of FER+ as it was downloaded"
MAX_ROWS = 100_000  # FER2013 has 35,887
# In rows: FER+ calls 176 of the 35,887 rows no face, and some copies of FER2013 lack those.
MAX_SLIP = 400
SLIP_COST = 6.0  # nats: about three faces in a row must agree better before a slip is believed
DISSENT = 0.1  # added to a label's share of the votes: one voter's dissent rules nothing out
# A share of the faces: their label got the most votes. 0.66 when rows match, 0.25 when they don't.
MIN_AGREEMENT = 0.4


def load_with_votes(path: str | Path, votes: str | Path) -> Fer2013:
    """`train.data.fer2013.load`, with FER+ votes beside the faces.

    Raises DataError as that and `add_votes` do.
    """
    return drop_duplicates(hold_out_validation(add_votes(read(path), votes)))


def add_votes(data: Fer2013, path: str | Path) -> Fer2013:
    """Return `data`, as `train.data.fer2013.read` gives it, with `votes` beside its training
    and validation faces.

    Rows must be in the order of fer2013.csv. Where the copy of FER2013 lacks faces, its rows
    slip against FER+'s by one more at each; the labels tell where, and the votes are put back
    in step. A face whose row cannot be told has no votes. Raises DataError where the votes
    belong to other data.
    """
    table = _read(Path(path))
    splits = {name: getattr(data, name) for name in SPLITS}
    for name, faces in splits.items():
        rows = int((table["split"] == name).sum())
        if rows != len(faces) and len(faces):
            raise DataError(
                f"{path}: {rows} rows for {name}, the data has {len(faces)} faces",
                "give it the same CSV file",
            )
    present = [name for name, faces in splits.items() if len(faces)]
    table = table[table["split"].isin(present)]
    labels = np.concatenate([faces.labels for faces in splits.values()])
    votes = _in_step(table, labels)
    agreement = _agreement(votes, labels)
    if agreement < MIN_AGREEMENT:
        raise DataError(
            f"{path}: the most voted emotion is the label of {agreement:.0%} of the faces, expected about 65%",
            "the rows must be those of the CSV file, in its order",
        )
    with_votes = {}
    start = 0
    for name, faces in splits.items():
        with_votes[name] = replace(faces, votes=votes[start : start + len(faces)])
        start += len(faces)
    return replace(data, **with_votes)


def votes_by_split(data: Fer2013) -> dict[str, np.ndarray]:
    """The votes, (N, 10), of each split that has faces."""
    votes = {}
    for split in SPLITS:
        faces = getattr(data, split)
        if len(faces):
            votes[split] = faces.votes
    return votes


def shares(faces: Faces) -> np.ndarray:
    """Return (N, 10) float32: each column's share of the votes, all zero for a face without
    votes.
    """
    if faces.votes is None:
        raise DataError("the faces have no FER+ votes", "add --votes fer2013new.csv")
    total = faces.votes.sum(axis=1, keepdims=True)
    return (faces.votes / np.where(total > 0, total, 1)).astype(np.float32)


def _read(path: Path) -> pd.DataFrame:
    """Columns `split`, `number` (row in the original FER2013) and `VOTE_COLUMNS`, one row per
    face.
    """
    try:
        table = pd.read_csv(path, skip_blank_lines=False)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable as CSV ({error})", GIVE) from error
    missing = [name for name in ("Usage", *VOTE_COLUMNS) if name not in table.columns]
    if missing:
        raise DataError(f"{path}: missing column {', '.join(missing)}", GIVE)
    table = table.dropna(how="all")
    split = table["Usage"].map(USAGES)
    if split.isna().any():
        line = split.index[split.isna()][0]
        raise DataError(
            f"{_line(path, line)}unknown Usage {table['Usage'][line]!r}; expected one of {', '.join(USAGES)}",
            GIVE,
        )
    columns = {name: _numbers(path, table[name]) for name in VOTE_COLUMNS}
    return pd.DataFrame({"split": split, "number": _rows(path, table), **columns})


def _numbers(path: Path, column: pd.Series) -> pd.Series:
    """Votes, or shares of them: any number from 0 on."""
    numbers = pd.to_numeric(column, errors="coerce")
    wrong = column.index[~(np.isfinite(numbers) & (numbers >= 0))]
    if len(wrong):
        found = shorten(str(column[wrong[0]]), 40, placeholder=" ...")
        raise DataError(
            f"{_line(path, wrong[0])}{column.name}: expected a number of votes or a share, found {found!r}",
            GIVE,
        )
    return numbers.astype(float)


def _rows(path: Path, table: pd.DataFrame) -> np.ndarray:
    """The row of each face in the original FER2013, (N,) int: by the image's name where all
    have one, else in order.
    """
    in_order = np.arange(len(table))
    if "Image name" not in table.columns:
        return in_order
    digits = table["Image name"].astype(str).str.extract(r"(\d+)")[0]
    if digits.isna().any():  # FER+ leaves the name out where there is no face
        return in_order
    numbers = digits.astype(float)
    wrong = digits.index[(numbers >= MAX_ROWS) | numbers.duplicated()]
    if len(wrong):
        name = shorten(str(table["Image name"][wrong[0]]), 40, placeholder=" ...")
        raise DataError(
            f"{_line(path, wrong[0])}image {name}: expected numbers that differ, below {MAX_ROWS:,}",
            GIVE,
        )
    return numbers.to_numpy().astype(int)


def _line(path: Path, index: int) -> str:
    return f"{path}: line {index + 2}: "


def _in_step(table: pd.DataFrame, labels: np.ndarray) -> np.ndarray:
    """Votes (N, 10) float32 for `labels`, each row's shifted by as many rows as the labels say."""
    numbers = table["number"].to_numpy()
    votes = np.zeros((numbers.max() + 1 + MAX_SLIP, len(VOTE_COLUMNS)))
    votes[numbers] = table[list(VOTE_COLUMNS)].to_numpy()
    split = np.full(len(votes), "", dtype=object)
    split[numbers] = table["split"]
    total = votes[:, :-1].sum(axis=1, keepdims=True)
    share = votes[:, LABEL_COLUMNS] / np.where(total > 0, total, 1)
    share[total[:, 0] == 0] = 1 / len(LABELS) ** 0.5  # nothing known: neither for nor against
    found = numbers + _slips(np.log(DISSENT + share), numbers, labels)
    same_split = split[found] == table["split"].to_numpy()
    return np.where(same_split[:, np.newaxis], votes[found], 0).astype(np.float32)


def _slips(agreement: np.ndarray, numbers: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The most likely slip of each row, (N,) int, never decreasing: Viterbi over 0 to MAX_SLIP - 1.

    `agreement` (rows, 7): log of how well each row's votes fit each label.
    """
    score = -np.arange(MAX_SLIP, dtype=float)
    steps = np.zeros((len(labels), MAX_SLIP), np.int8)
    for row, (number, label) in enumerate(zip(numbers, labels, strict=True)):
        best = score.copy()
        for step in (1, 2):
            slipped = score[:-step] - SLIP_COST - step
            better = slipped > best[step:]
            best[step:][better] = slipped[better]
            steps[row, step:][better] = step
        score = best + agreement[number : number + MAX_SLIP, label]
    slips = np.zeros(len(labels), int)
    slip = int(score.argmax())
    for row in range(len(labels) - 1, -1, -1):
        slips[row] = slip
        slip -= int(steps[row, slip])
    return slips


def _agreement(votes: np.ndarray, labels: np.ndarray) -> float:
    has_votes = votes.sum(axis=1) > 0
    if not has_votes.any():
        return 0.0
    most = votes[has_votes][:, LABEL_COLUMNS].argmax(axis=1)
    return float((most == labels[has_votes]).mean())
