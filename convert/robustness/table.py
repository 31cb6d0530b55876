"""The figures as the model's card shows them."""

from convert.robustness.degradations import DEGRADATIONS
from convert.robustness.measure import Robustness, Step
from convert.robustness.optics import distance_m


def table(result: Robustness) -> str:
    """Markdown: for each degradation its steps, the faces found, and the accuracy at them."""
    width = max(len(degradation.steps) for degradation in DEGRADATIONS)
    lines = ["|" + " |" * (width + 1), "|" + "---|" * (width + 1)]
    for degradation in DEGRADATIONS:
        steps = [step for step in result.steps if step.degradation == degradation.name]
        lines += _rows(f"**{degradation.name}**, {degradation.unit}", steps, width)
    return "\n".join(lines)


def _rows(name: str, steps: list[Step], width: int) -> list[str]:
    head = [name]
    found = ["faces found"]
    accuracy = ["accuracy"]
    for step in steps:
        head.append(f"**{step.step:g}**")
        found.append(f"{step.found:.0%}")
        accuracy.append(f"{step.accuracy:.0%}")
    rows = []
    for row in (head, found, accuracy):
        row += [""] * (width + 1 - len(row))
        rows.append(f"| {' | '.join(row)} |")
    return rows


def sentence(result: Robustness) -> str:
    """For the README."""
    works, half = result.works_from_px, result.half_from_px
    return (
        f"works from {works:g} px: {distance_m(works):.1f} m with a Camera Module 3 at 640x480; "
        f"half of the faces are found at {half:g} px: {distance_m(half):.1f} m"
    )
