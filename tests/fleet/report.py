"""The figures of a trial as a Markdown table."""

import os
import time

from tests.fleet.trial import FLOODING, Trial

COMMITS = "SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float8 FROM episodes"


def table(trial: Trial) -> str:
    """Ends the hub's processes, to learn their processor time."""
    sent = {kind: sum(device.sent[kind] for device in trial.devices) for kind in trial.devices[0].sent}
    flood = trial.devices[FLOODING].sent
    every, undisturbed = _latencies_s(trial)
    row_bytes = trial.hub.rows("SELECT pg_total_relation_size('episodes') / count(*) FROM episodes")[0][0]
    states = trial.simulation.viewer.latencies_s
    rows = dict(trial.hub.rows("SELECT 'episodes', count(*) FROM episodes UNION SELECT 'stats', count(*) FROM stats"))
    lines = ["| what | figure |", "|---|---|"]
    lines.append(f"| devices, minutes | {len(trial.devices)}, {trial.seconds / 60:g} |")
    lines.append(
        f"| messages sent | {sum(sent.values()):,}: "
        + ", ".join(f"{count:,} {kind}" for kind, count in sent.items())
        + " |"
    )
    lines.append(f"| of them by the flooding device | {sum(flood.values()):,} |")
    lines.append(f"| a second, all devices | {sum(sent.values()) / trial.seconds:.0f} |")
    lines.append(f"| received by the collector | {trial.received:,} |")
    lines.append(
        f"| stored | {rows['episodes']:,} episodes, {rows['stats']:,} stats; "
        f"an episode takes {row_bytes} bytes, with its indexes |"
    )
    lines.append(f"| an episode, from its first sending to its commit: p50, p99 | {_both(undisturbed)} |")
    lines.append(f"| the same with those that met a fault | {_both(every)}, at most {max(every, default=0.0):.1f} s |")
    lines.append(f"| a state, from device to viewer: p50, p99 | {_both(states)} |")
    for name, process in (
        ("broker", trial.hub.broker),
        ("collector", trial.hub.collector),
        ("PostgreSQL", trial.hub.database),
    ):
        process.close()
        share = process.processor_seconds / trial.seconds
        lines.append(
            f"| processor time and peak memory of the {name} | "
            f"{process.processor_seconds:.1f} s, {share:.1%} of one core; {process.peak_mb:.0f} MB |"
        )
    load = os.getloadavg()[2]
    lines.append(f"| machine | {os.cpu_count()} cores, load {load:.1f}, {time.strftime('%Y-%m-%d')} |")
    return "\n".join(lines)


def _latencies_s(trial: Trial) -> tuple[list[float], list[float]]:
    """Of all episodes but the flooding device's, and of those that were sent while nothing was wrong."""
    committed = dict(trial.hub.rows(COMMITS))
    every = []
    undisturbed = []
    for device in trial.devices[FLOODING + 1 :]:
        for episode_id, sent_s in device.first_sent_s.items():
            if episode_id not in committed:
                continue
            every.append(committed[episode_id] - sent_s)
            if not any(begin <= sent_s <= end for begin, end in trial.faults_s):
                undisturbed.append(every[-1])
    return every, undisturbed


def _both(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    if not ordered:
        return "none"
    return f"{ordered[len(ordered) // 2] * 1000:.0f} ms, {ordered[len(ordered) * 99 // 100] * 1000:.0f} ms"
