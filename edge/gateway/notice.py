"""What people in view are owed: who runs the camera, why, what is kept and for how long, and how to object.

The EU's AI Act, Article 50(3), asks for it at the latest at first exposure. This is no legal advice.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from edge.contract import LABELS
from edge.gateway.hosts import is_loopback
from edge.gateway.texts import ORIGINAL, texts
from edge.settings import Settings


def is_complete(settings: Settings) -> bool:
    return bool(settings.notice.operator and settings.notice.contact and settings.notice.purpose)


def must_be_completed(settings: Settings) -> bool:
    """Whether others may see the page while it does not say who runs the camera."""
    return not is_loopback(settings.web.address[0]) and not is_complete(settings)


def facts(settings: Settings, language: str = ORIGINAL, labels: Sequence[str] = LABELS) -> dict[str, Any]:
    """What the template of the notice shows; `labels` are the model's."""
    all_words = texts(language)
    words = all_words["notice"]
    names = [all_words["emotions"].get(label, label) for label in labels]
    days = settings.log.keep_days
    kept = words["kept_days"].format(days=f"{days:g}") if days else words["kept_until_full"]
    count = wrong_of_hundred(settings.classifier.place)
    wrong = words["limits_wrong_unknown"] if count is None else words["limits_wrong"].format(count=count)
    limits = words["limits_what"].format(wrong=wrong)
    lead = words["lead"].format(labels=", ".join(names[:-1]), last=names[-1])
    said = {"lead": lead, "kept": kept, "limits": limits}
    return {"words": words, "notice": settings.notice, "language": language} | said


def wrong_of_hundred(model: Path) -> int | None:
    """In how many of 100 test pictures `model` is wrong; None where the manifest beside it does not say."""
    try:
        manifest = json.loads(model.with_suffix(".json").read_text(encoding="utf-8"))
        accuracy = float(manifest["accuracy"]["validation"]["int8"])
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return round(100 * (1 - accuracy)) if 0 <= accuracy <= 1 else None
