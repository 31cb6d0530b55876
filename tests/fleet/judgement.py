"""What must hold after a trial, by comparing what the devices know with what the database holds."""

from collections import Counter

from tests.fleet.trial import FAST_CLOCK, FLOODING, KILLED, SLOW_CLOCK, Trial

CLOCK_TOLERANCE_SECONDS = 60.0


def problems(trial: Trial) -> list[str]:
    """Empty where all is well."""
    stored = Counter(trial.hub.rows("SELECT device, id FROM episodes"))
    found = []
    for device in trial.devices:
        acknowledged = len(device.episodes) - device.unacknowledged
        ids = {(device.user, device.id_of(episode)) for episode in device.episodes[:acknowledged]}
        lost = len(ids - stored.keys())
        if lost:
            found.append(f"{device.user}: {lost} episodes lost, which the broker had acknowledged")
        if device.alive and device.unacknowledged:
            found.append(f"{device.user}: {device.unacknowledged} episodes never acknowledged")
    known = {(device.user, device.id_of(episode)) for device in trial.devices for episode in device.episodes}
    found += [f"{key} is stored {count} times" for key, count in stored.items() if count > 1]
    found += [f"{key} is stored, but nobody sent it" for key in stored.keys() - known]
    return found + _clocks(trial) + _availability(trial) + _rejected(trial)


def _clocks(trial: Trial) -> list[str]:
    found = []
    future = trial.hub.rows("SELECT count(*) FROM episodes WHERE utc > received_utc")[0][0]
    if future:
        found.append(f"{future} episodes lie in the future")
    for index, expected in ((FAST_CLOCK, 3600.0), (SLOW_CLOCK, -3600.0)):
        name = trial.devices[index].user
        query = f"SELECT min(clock_ahead_seconds), max(clock_ahead_seconds) FROM stats WHERE device = '{name}'"
        least, most = trial.hub.rows(query)[0]
        if (
            least is None
            or abs(least - expected) > CLOCK_TOLERANCE_SECONDS
            or abs(most - expected) > CLOCK_TOLERANCE_SECONDS
        ):
            found.append(f"{name}: its clock is {expected} s ahead, stats say {least} to {most}")
    return found


def _availability(trial: Trial) -> list[str]:
    offline = {name for (name,) in trial.hub.rows("SELECT name FROM devices WHERE NOT online")}
    killed = trial.devices[KILLED].user
    return [] if offline == {killed} else [f"offline: {offline or 'nobody'}; expected {killed}"]


def _rejected(trial: Trial) -> list[str]:
    rows = trial.hub.rows("SELECT topic, messages FROM rejected")
    name = trial.devices[FLOODING].user
    sent = trial.devices[FLOODING].sent["unreadable"]
    counted = sum(count for _, count in rows)
    if {topic for topic, _ in rows} != {f"emotion-edge/{name}/events"} or counted < sent * 0.9:
        return [f"set aside: {rows}; expected about {sent} of {name}"]
    return []
