"""What is sent: the state now, the device's own figures, episodes. No image; no single face unless asked for."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from edge.events.records import EpisodeRow

NO_FACE, UNCERTAIN = "no_face", "uncertain"
ON, OFF = "ON", "OFF"
ONLINE, OFFLINE = "online", "offline"

Kind = Literal["new", "update", "end"]


def encode(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()


def state(live: dict[str, Any], details: bool) -> dict[str, Any]:
    """What the camera sees, from a message of the daemon; `emotion` is null while it sees nothing at all."""
    camera = live["camera"]["state"]
    faces = live["faces"] if camera == "watching" else []
    found: dict[str, Any] = {"emotion": NO_FACE, "score": None, "certain": False, "faces": len(faces)}
    if faces:
        largest = faces[0]
        emotion = largest["emotion"] if largest["certain"] else UNCERTAIN
        found |= {"emotion": emotion, "score": largest["score"], "certain": largest["certain"]}
    elif camera != "watching":
        found["emotion"] = None
    found |= {"camera": camera, "utc": live["utc"]}
    if details:
        found["people"] = [_person(face) for face in faces]
    return found


def _person(face: dict[str, Any]) -> dict[str, Any]:
    return {key: face[key] for key in ("track", "emotion", "score", "certain")}


def what_matters(state: dict[str, Any]) -> object:
    """What of a state is new when it changes: scores waver in every frame, and do not count."""
    people = [(person["track"], person["emotion"], person["certain"]) for person in state.get("people", ())]
    return state["emotion"], state["certain"], state["faces"], state["camera"], people


@dataclass(frozen=True)
class Events:
    """Makes messages about the episodes of the log `log_id`."""

    device: str
    log_id: str
    details: bool

    def message(self, kind: Kind, row: EpisodeRow) -> dict[str, Any]:
        found: dict[str, Any] = {
            "type": kind,
            "event_type": kind,
            "id": f"{self.log_id}-{row.first_observation}",
            "device": self.device,
            "emotion": row.emotion,
            "start_utc": row.start_utc,
        }
        if self.details:
            found["track"] = row.track
        if kind != "new":
            seconds = round(row.end_s - row.start_s, 3)
            found |= {"end_utc": row.end_utc, "seconds": seconds, "mean_score": row.mean_score}
        return found | {"sent_utc": utc_now()}


def utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
