"""Write the report's HTML page, with the charts in it."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from string import Template

import pandas as pd
import plotly.graph_objects as go
import plotly.io
from plotly.offline import get_plotlyjs

from edge.commands.report import charts
from edge.commands.report.tables import Tables

FOLDER = Path(__file__).parent
MAX_GAPS = 50  # rows of the table of gaps: the newest


@dataclass(frozen=True, eq=False)
class Device:
    """What one log says."""

    name: str
    log: Path
    tables: Tables


def render(devices: Sequence[Device]) -> str:
    """The page about all devices of which a face was logged, one after the other; of several with a table of all."""
    seen = [device for device in devices if not device.tables.counts.empty]
    start = min(device.tables.start for device in seen)
    end = max(device.tables.end for device in seen)
    several = len(devices) > 1
    return _template("page.html").substitute(
        plotly=get_plotlyjs(),
        period=html.escape(period(start, end)),
        overview=_overview(devices) if several else "",
        devices="".join(_device(device, _title(devices, device) if several else "") for device in seen),
        written=f"{datetime.now().astimezone():%-d %B %Y, %H:%M}",
    )


def _template(name: str) -> Template:
    return Template((FOLDER / name).read_text(encoding="utf-8"))


def _title(devices: Sequence[Device], device: Device) -> str:
    return f'<h2 class="device" id="device-{devices.index(device)}">{html.escape(device.name)}</h2>'


def _origin(device: Device) -> str:
    file = device.log.name
    return file if device.name == file else f"{file} of {device.name}"


def _device(device: Device, title: str) -> str:
    tables = device.tables
    tiles = figures(tables.counts, tables.faces, tables.not_running_seconds)
    return _template("device.html").substitute(
        title=title,
        period=html.escape(period(tables.start, tables.end)),
        zone=html.escape(tables.zone),
        sources=html.escape(", ".join(tables.sources)),
        models=html.escape(", ".join(tables.models)),
        log=html.escape(_origin(device)),
        tiles="".join(f"<div><b>{html.escape(value)}</b>{name}</div>" for name, value in tiles.items()),
        bar=duration(charts.bar_width(tables).total_seconds()),
        time_line=_figure(charts.time_line(tables)),
        shares=_figure(charts.shares(tables)),
        week=_figure(charts.week(tables)),
        visits=_figure(charts.visits(tables)),
        episodes=_table(_episodes(tables)),
        gaps=_table(_gaps(tables)) if len(tables.gaps) else "<p>None.</p>",
    )


def _overview(devices: Sequence[Device]) -> str:
    """A row for each device, and one for all of them."""
    rows = []
    for number, device in enumerate(devices):
        tables = device.tables
        name = html.escape(device.name)
        link = name if tables.counts.empty else f'<a href="#device-{number}">{name}</a>'
        rows.append({"device": link} | figures(tables.counts, tables.faces, tables.not_running_seconds))
    counts = pd.concat([device.tables.counts for device in devices if not device.tables.counts.empty])
    faces = sum(device.tables.faces for device in devices)
    stopped_seconds = sum(device.tables.not_running_seconds for device in devices)
    rows.append({"device": "all together"} | figures(counts, faces, stopped_seconds))
    table = pd.DataFrame(rows).to_html(index=False, border=0, escape=False)  # names are escaped above
    return f'<section>\n<h2>Devices</h2>\n<div class="wide">{table}</div>\n</section>'


def figures(counts: pd.DataFrame, faces: int, not_running_seconds: float) -> dict[str, str]:
    """The main ones, in words."""
    by_emotion = counts.groupby("emotion")["seconds"].sum()
    seconds = by_emotion.sum()
    nobody = counts.empty
    return {
        "face time": duration(seconds),
        "faces": f"{faces:,}",
        "shown most": "" if nobody else f"{by_emotion.idxmax()} {by_emotion.max() / seconds:.0%}",
        "model certain": "" if nobody else f"{counts['certain_seconds'].sum() / seconds:.0%}",
        "not running": duration(not_running_seconds),
    }


def duration(seconds: float) -> str:
    """As a person says it: 45 s, 12 min, 3 h 20 min, 4 days 6 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    days, rest = divmod(round(seconds / 60), 24 * 60)
    hours, minutes = divmod(rest, 60)
    if days:
        return f"{days} day{'s' if days > 1 else ''} {hours} h" if hours else f"{days} day{'s' if days > 1 else ''}"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def period(start: pd.Timestamp, end: pd.Timestamp) -> str:
    if start.date() == end.date():
        return f"{start:%A, %-d %B %Y}, {start:%H:%M} to {end:%H:%M}"
    return f"{start:%-d %B %Y} to {end:%-d %B %Y}"


def _episodes(tables: Tables) -> pd.DataFrame:
    seconds = tables.counts.groupby("emotion")[["seconds", "certain_seconds"]].sum()
    table = seconds.join(tables.lengths.set_index("emotion")).sort_values("seconds", ascending=False)
    return pd.DataFrame(
        {
            "emotion": table.index,
            "time": table["seconds"].map(duration),
            "share": (table["seconds"] / table["seconds"].sum()).map("{:.1%}".format),
            "certain": (table["certain_seconds"] / table["seconds"]).map("{:.0%}".format),
            "episodes": table["episodes"].fillna(0).map("{:,.0f}".format),
            "median": table["median_seconds"].fillna(0).map(duration),
            "longest": table["longest_seconds"].fillna(0).map(duration),
        }
    )


def _gaps(tables: Tables) -> pd.DataFrame:
    gaps = tables.gaps[::-1][:MAX_GAPS]
    return pd.DataFrame(
        {
            "from": gaps["start"].dt.strftime("%a %-d %b %Y, %H:%M:%S"),
            "for": [duration(length.total_seconds()) if length else "" for length in gaps["end"] - gaps["start"]],
            "what": gaps["what"],
        }
    )


def _table(table: pd.DataFrame) -> str:
    return str(table.to_html(index=False, border=0, escape=True))


def _figure(figure: go.Figure) -> str:
    config = {"displayModeBar": False, "responsive": True}
    return str(plotly.io.to_html(figure, config=config, full_html=False, include_plotlyjs=False))
