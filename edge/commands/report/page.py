"""Write the report's HTML page, with the charts in it."""

import html
from datetime import datetime
from pathlib import Path
from string import Template

import pandas as pd
import plotly.graph_objects as go
import plotly.io
from plotly.offline import get_plotlyjs

from edge.commands.report import charts
from edge.commands.report.tables import Tables

TEMPLATE = Path(__file__).with_name("page.html")
MAX_GAPS = 50  # rows of the table of gaps: the newest


def render(tables: Tables, log: Path) -> str:
    seconds = tables.counts["seconds"].sum()
    certain = tables.counts["certain_seconds"].sum()
    by_emotion = tables.counts.groupby("emotion")["seconds"].sum()
    tiles = {
        "face time": duration(seconds),
        "faces": f"{tables.faces:,}",
        "shown most": f"{by_emotion.idxmax()} {by_emotion.max() / seconds:.0%}",
        "model certain": f"{certain / seconds:.0%}",
        "not running": duration(tables.not_running_seconds),
    }
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        plotly=get_plotlyjs(),
        period=html.escape(period(tables.start, tables.end)),
        zone=html.escape(tables.zone),
        sources=html.escape(", ".join(tables.sources)),
        models=html.escape(", ".join(tables.models)),
        log=html.escape(log.name),
        written=f"{datetime.now().astimezone():%-d %B %Y, %H:%M}",
        tiles="".join(f"<div><b>{html.escape(value)}</b>{name}</div>" for name, value in tiles.items()),
        bar=duration(charts.bar_width(tables).total_seconds()),
        time_line=_figure(charts.time_line(tables)),
        shares=_figure(charts.shares(tables)),
        week=_figure(charts.week(tables)),
        visits=_figure(charts.visits(tables)),
        episodes=_table(_episodes(tables)),
        gaps=_table(_gaps(tables)) if len(tables.gaps) else "<p>None.</p>",
    )


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
