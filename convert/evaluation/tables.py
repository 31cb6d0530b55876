"""What `convert evaluate` prints."""

from typing import Any


def table(result: dict[str, Any]) -> str:
    """Of crops, as `convert.evaluation.evaluate` gives the figures."""
    latency = result["latency_ms"]
    lines = [
        *_per_class(result),
        f"{result['model']} on {result['split']}, {result['n']} faces:",
        f"{_accuracy(result)}, {latency['median']:.2f} ms a face (p95 {latency['p95']:.2f})",
    ]
    if result["held_out_of_training"]:
        lines.append(
            "these are a tenth of the training faces, held out; a model trained on other files may have seen them"
        )
    if new := result["without_near_duplicates"]:
        lines.append(
            f"{result['n'] - new['n']} of them are of a photo that training holds too, cut or compressed anew; "
            f"without those {new['accuracy']:.2%}, balanced {new['balanced_accuracy']:.2%}"
        )
    return "\n".join(lines)


def photos_table(result: dict[str, Any]) -> str:
    """Of whole photos, as `convert.evaluation.photos` gives the figures."""
    photos = result["photos"]
    lines = []
    if result["found"]:
        lines += [*_per_class(result), *_confusion(result)]
    lines.append(
        f"{result['model']}, {photos} photos: a face found in {result['found']} ({result['found'] / photos:.1%}), "
        f"named right in {result['accuracy_of_photos']:.2%} of all"
    )
    if result["found"]:
        lines.append(f"of the faces found: {_accuracy(result)}")
    if result["several_faces"]:
        lines.append(
            f"{result['several_faces']} photos show several faces, of which the largest counts"
        )
    if result["left_out"]:
        lines.append(
            f"{result['left_out']} photos of emotions that the model does not tell are left out"
        )
    if result["unread"]:
        lines.append(
            f"{len(result['unread'])} files were not read, the first: {result['unread'][0]}"
        )
    return "\n".join(lines)


def _per_class(result: dict[str, Any]) -> list[str]:
    """Without a recall for a class that has no faces."""
    width = _width(result)
    lines = [f"{'':{width}}{'precision':>10}{'recall':>8}{'f1':>8}{'faces':>8}"]
    for label, row in result["per_class"].items():
        figures = f"{row['precision']:10.1%}{row['recall']:8.1%}{row['f1']:8.1%}"
        lines.append(f"{label:{width}}{figures if row['n'] else '-':>26}{row['n']:8}")
    return lines


def _confusion(result: dict[str, Any]) -> list[str]:
    """Rows the true emotion, columns the one named."""
    width = _width(result)
    names = "".join(f"{label:>{width}}" for label in result["per_class"])
    lines = [f"{'true':{width}}{names}  (named)"]
    for label, counts in zip(result["per_class"], result["confusion"], strict=True):
        lines.append(f"{label:{width}}" + "".join(f"{count:{width}}" for count in counts))
    return lines


def _width(result: dict[str, Any]) -> int:
    return max(10, 2 + max(map(len, result["per_class"])))


def _accuracy(result: dict[str, Any]) -> str:
    return (
        f"accuracy {result['accuracy']:.2%}, balanced {result['balanced_accuracy']:.2%}, ECE {result['ece']:.3f} "
        f"({result['ece_equal_shares']:.3f} with all emotions equally frequent)"
    )
