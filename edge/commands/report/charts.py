"""The charts of the report, by plotly."""

from datetime import timedelta
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from edge.colours import colours_of, ordered
from edge.commands.report.tables import Tables

INK = "#2b2f36"
FAINT = "#e8eaee"
PAUSE = "#f1ece2"
MAX_BARS = 200
BAR_SECONDS = [1, 5, 15, 60, 300, 600, 1800, 3600, 7200, 21_600, 86_400, 7 * 86_400, 28 * 86_400]
BAR_WIDTHS = [pd.Timedelta(timedelta(seconds=seconds)) for seconds in BAR_SECONDS]
WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def time_line(tables: Tables) -> go.Figure:
    """Shares of the emotions over time, stacked, and below how long faces were seen; a gap stays a gap."""
    width = bar_width(tables)
    counts = tables.counts.assign(time=tables.counts["time"].dt.floor(width))
    seconds = counts.pivot_table(index="time", columns="emotion", values="seconds", aggfunc="sum", fill_value=0.0)
    shares = seconds.div(seconds.sum(axis=1), axis=0)
    milliseconds = width.total_seconds() * 1000
    colours = colours_of(seconds.columns)
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.76, 0.24], vertical_spacing=0.05)
    for emotion in ordered(seconds.columns):  # pleasant ones below, unpleasant ones on top
        figure.add_bar(
            x=shares.index, y=shares[emotion], name=emotion, marker_color=colours[emotion].ground, width=milliseconds,
            offset=0, customdata=seconds[emotion] / 60, row=1, col=1,
            hovertemplate="%{x|%a %d %b %H:%M}<br>" + emotion + " %{y:.0%} (%{customdata:.1f} min)<extra></extra>",
        )  # fmt: skip
    figure.add_bar(
        x=seconds.index, y=seconds.sum(axis=1) / 60, marker_color="#8b93a1", width=milliseconds, offset=0,
        showlegend=False, row=2, col=1, hovertemplate="%{x|%a %d %b %H:%M}<br>%{y:.1f} min<extra></extra>",
    )  # fmt: skip
    for gap in tables.gaps[tables.gaps["end"] - tables.gaps["start"] >= width / 2].itertuples():
        figure.add_vrect(x0=gap.start, x1=gap.end, fillcolor=PAUSE, line_width=0, layer="below")
    figure.update_xaxes(range=[tables.start.floor(width), tables.end.floor(width) + width])
    figure.update_yaxes(tickformat=".0%", range=[0, 1], title="share", row=1, col=1)
    figure.update_yaxes(title="face minutes", rangemode="tozero", row=2, col=1)
    return _style(figure, 440, barmode="stack")


def shares(tables: Tables) -> go.Figure:
    """Share of each emotion; the pale part is where the model was not certain."""
    seconds = tables.counts.groupby("emotion")[["seconds", "certain_seconds"]].sum()
    total = seconds["seconds"].sum()
    seconds = seconds.sort_values("seconds")
    found = colours_of(seconds.index)
    colours = [found[emotion].ground for emotion in seconds.index]
    certain = seconds["certain_seconds"] / total
    all_shares = seconds["seconds"] / total
    figure = go.Figure()
    for values, opacity, text in (
        (certain, 1.0, None),
        (
            all_shares - certain,
            0.35,
            [f" {share:.0%}" if share >= 0.01 else " < 1%" for share in all_shares],
        ),
    ):
        figure.add_bar(
            x=values, y=seconds.index, orientation="h", marker={"color": colours, "opacity": opacity}, text=text,
            textposition="outside", cliponaxis=False, hovertemplate="%{y} %{x:.1%}<extra></extra>",
        )  # fmt: skip
    figure.update_xaxes(tickformat=".0%", range=[0, 1.15 * all_shares.max()])  # room for the words behind the bars
    return _style(figure, 300, barmode="stack", showlegend=False, bargap=0.3)


def week(tables: Tables) -> go.Figure:
    """Hour of day by day of the week: face minutes of an average hour, or the share of one emotion."""
    counts = tables.counts.assign(hour=tables.counts["time"].dt.hour, day=tables.counts["time"].dt.dayofweek)
    seconds = _grid(counts)
    days = pd.Series(pd.date_range(tables.start.normalize(), tables.end.normalize()).dayofweek).value_counts()
    minutes = seconds.div(60).div(days.reindex(range(7)).fillna(1), axis=0)
    panels = [("face minutes", minutes.where(minutes > 0), [FAINT, INK], ".0f")]
    for emotion, colour in colours_of(counts["emotion"]).items():
        share = _grid(counts[counts["emotion"] == emotion]) / seconds
        panels.append((emotion, share.where(seconds > 0), [FAINT, colour.ground], ".0%"))
    figure = go.Figure()
    for number, (name, grid, colours, format) in enumerate(panels):
        figure.add_heatmap(
            z=grid, x=list(range(24)), y=WEEKDAYS, colorscale=colours, zmin=0, visible=number == 0, xgap=2, ygap=2,
            colorbar={"tickformat": format, "thickness": 10, "outlinewidth": 0, "len": 1.0}, hoverongaps=False,
            hovertemplate="%{y} %{x}:00<br>" + name + " %{z:" + format + "}<extra></extra>",
        )  # fmt: skip
    figure.update_layout(updatemenus=[_menu([name for name, *_ in panels])])
    figure.update_yaxes(autorange="reversed", showgrid=False)
    figure.update_xaxes(dtick=3, ticksuffix=":00", showgrid=False)
    return _style(figure, 320, margin_top=52)


def _menu(names: list[str]) -> dict[str, Any]:
    """Choose one of the heat maps, called `names`."""
    buttons = []
    for number, name in enumerate(names):
        visible = [other == number for other in range(len(names))]
        buttons.append({"label": name, "method": "update", "args": [{"visible": visible}]})
    return {
        "buttons": buttons,
        "direction": "down",
        "x": 0,
        "xanchor": "left",
        "y": 1.05,
        "yanchor": "bottom",
        "bgcolor": "white",
        "bordercolor": FAINT,
    }


def visits(tables: Tables) -> go.Figure:
    """The faces that stayed longest, one bar each, in the colours of what they showed."""
    faces = tables.visits
    names = [
        f"{start:%a %d %b %H:%M:%S}  #{track}" for start, track in zip(faces["start"], faces["track"], strict=True)
    ]
    faces = faces.assign(name=names)[["run", "track", "name", "start_s"]]
    parts = tables.visit_episodes.merge(faces, on=["run", "track"], suffixes=("", "_of_visit"))
    unit, name = (60, "minutes") if parts["seconds"].max() >= 60 else (1, "seconds")
    figure = go.Figure()
    for emotion, colour in colours_of(parts["emotion"]).items():
        shown = parts[parts["emotion"] == emotion]
        figure.add_bar(
            x=shown["seconds"] / unit, base=(shown["start_s"] - shown["start_s_of_visit"]) / unit, y=shown["name"],
            orientation="h", name=emotion, marker_color=colour.ground, customdata=shown["seconds"],
            hovertemplate="%{y}<br>" + emotion + " for %{customdata:.0f} s<extra></extra>",
        )  # fmt: skip
    figure.update_yaxes(categoryorder="array", categoryarray=names[::-1], showgrid=False)
    figure.update_xaxes(title=f"{name} since the face came")
    return _style(figure, 110 + 22 * len(names), barmode="overlay", bargap=0.25)


def bar_width(tables: Tables) -> pd.Timedelta:
    least = max((tables.end - tables.start) / MAX_BARS, tables.resolution)
    return next((width for width in BAR_WIDTHS if width >= least), BAR_WIDTHS[-1])


def _grid(counts: pd.DataFrame) -> pd.DataFrame:
    """Seconds by day of the week (rows, Monday first) and hour."""
    grid = counts.pivot_table(index="day", columns="hour", values="seconds", aggfunc="sum", fill_value=0.0)
    return grid.reindex(index=range(7), columns=range(24), fill_value=0.0)


def _style(figure: go.Figure, height: int, margin_top: int = 8, **layout: Any) -> go.Figure:
    figure.update_layout(
        height=height, font={"family": "inherit", "size": 13, "color": INK}, plot_bgcolor="white",
        paper_bgcolor="white", margin={"l": 8, "r": 8, "t": margin_top, "b": 8}, hoverlabel={"font_size": 13},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "traceorder": "normal"}, **layout,
    )  # fmt: skip
    axes = {"automargin": True, "gridcolor": FAINT, "zeroline": False, "title_font_size": 12}
    figure.update_xaxes(**axes)
    figure.update_yaxes(**axes)
    return figure
