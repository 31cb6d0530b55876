"""SQL conditions that tell a sound row of each table from one whose bytes were damaged."""

from edge.contract import LABELS
from edge.events.schema import OTHERS

LARGEST = 2**53  # up to here every program that reads JSON keeps whole numbers whole


def _real(name: str, low: float, high: float) -> str:
    return f"{name} BETWEEN {low} AND {high}"  # to SQLite, texts and blobs are greater than every number


def _whole(name: str, low: int = 0, high: int = LARGEST) -> str:
    return f"typeof({name}) = 'integer' AND {name} BETWEEN {low} AND {high}"


def _time(name: str) -> str:
    """A time as `utc_text` writes it, of a day that exists and that pandas can hold.

    SQLite alone takes the 31st of February for the 3rd of March.
    """
    digit = "[0-9]"
    pattern = f"{digit * 4}-{digit * 2}-{digit * 2}T{digit * 2}:{digit * 2}:{digit * 2}.{digit * 3}+00:00"
    same_day = f"date({name}, '+0 days') = substr({name}, 1, 10)"
    return f"typeof({name}) = 'text' AND {name} GLOB '{pattern}' AND {name} BETWEEN '1900' AND '2200' AND {same_day}"


def _all(*conditions: str) -> str:
    return "(" + " AND ".join(conditions) + ")"


_EMOTION = "(emotion IN ('" + "', '".join(LABELS) + "') OR emotion IN (SELECT label FROM labels))"
_PLACES = [_real(name, -1e6, 1e6) for name in ("x", "y")] + [_real(name, 0, 1e6) for name in ("width", "height")]
_HOUR = _whole("hour", -700_000, 2_100_000)
_SHARES = [_real(name, 0, 1.01) for name in ("detection_score", "score")]
_PROBABILITIES = [f"({name} IS NULL OR {_real(name, 0, 1.01)})" for name in LABELS]
_OTHERS = f"({OTHERS} IS NULL OR typeof({OTHERS}) = 'text' AND json_valid({OTHERS}))"

OBSERVATION = _all(
    _whole("run"), _time("utc"), _real("time_s", -1e10, 1e10), _whole("track"), _EMOTION, _whole("certain", 0, 1),
    *_PLACES, *_SHARES, *_PROBABILITIES, _OTHERS,
)  # fmt: skip
EPISODE = _all(
    _whole("run"), _whole("track"), _EMOTION, _time("start_utc"), _time("end_utc"), _real("start_s", -1e10, 1e10),
    _real("end_s", -1e10, 1e10), "end_s >= start_s", _whole("observations", 1), _real("mean_score", 0, 1.01),
    _real("peak_score", 0, 1.01), _real("certain_share", 0, 1.01), _whole("first_observation"),
    _whole("last_observation"), "last_observation >= first_observation",
)  # fmt: skip
RUN = _all(
    _time("started_utc"), _time("last_utc"), "typeof(source) = 'text'", "typeof(model) = 'text'",
    _real("interval_seconds", 0, 1e6), _whole("first_observation"), "typeof(device) = 'text'",
)  # fmt: skip
INCIDENT = _all(
    _whole("run"), _whole("observation"), "typeof(kind) = 'text'", _time("utc"),
    f"(end_utc IS NULL OR {_time('end_utc')})", _real("seconds", -1e10, 1e10), _whole("rows_lost"),
    "typeof(details) = 'text'",
)  # fmt: skip
SUM = _all(
    _HOUR, _whole("run"), _EMOTION, _real("seconds", 0, 1e10),
    _real("certain_seconds", 0, 1e10), _whole("episodes"), _whole("faces"),
)  # fmt: skip
WATCH = _all(_HOUR, _real("watched_seconds", 0, 1e10), _real("paused_seconds", 0, 1e10))
