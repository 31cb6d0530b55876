"""The page itself, the notice for people in view, and the sign of life."""

from flask import Flask, Response, jsonify, render_template, request

from edge import __version__
from edge.colours import EMOTION_COLOURS, Colours, colours_of
from edge.events.zone import local_zone
from edge.gateway.gateway import Gateway, this_gateway
from edge.gateway.history import logged_labels
from edge.gateway.notice import facts, must_be_completed
from edge.gateway.texts import ORIGINAL, languages, texts

DAEMON_SECONDS = 1.0  # for the daemon's word


def add_to(app: Flask) -> None:
    app.add_url_rule("/", "page", page)
    app.add_url_rule("/notice", "notice", notice)
    app.add_url_rule("/healthz", "alive", alive)


def page() -> str:
    gateway = this_gateway()
    language = _language()
    facts = {
        "device": gateway.name,
        "zone": local_zone().key,
        "version": __version__,
        "labels": gateway.labels,
        "colours": _colours(gateway),
        "picture": gateway.level(),
        "picture_setting": gateway.settings.web.picture,
        "keep_days": gateway.settings.log.keep_days,
        "max_megabytes": gateway.settings.log.max_megabytes,
        "language": language,
    }
    words = texts(language)
    unfinished = must_be_completed(gateway.settings)
    return render_template("page.html", facts=facts, t=words, language=language, notice_missing=unfinished)


def notice() -> str:
    gateway = this_gateway()
    return render_template("notice.html", **facts(gateway.settings, _language(), gateway.labels))


def alive() -> Response:
    """That this process answers; with ?daemon=1, whether the camera's does as well: 503 where not."""
    gateway = this_gateway()
    if request.args.get("daemon") != "1":
        return jsonify(status="ok")
    with gateway.client.watching():
        snapshot = gateway.client.settled(DAEMON_SECONDS)
    answer = jsonify(status="ok" if snapshot.live else "no daemon")
    answer.status_code = 200 if snapshot.live else 503
    return answer


def _colours(gateway: Gateway) -> dict[str, Colours]:
    """Ground and ink of the labels that the style sheet does not know: the model's, and those of its log."""
    labels = {*gateway.labels, *logged_labels(gateway.log)}
    return {label: colours for label, colours in colours_of(labels).items() if label not in EMOTION_COLOURS}


def _language() -> str:
    """What the browser asks for, where there is a file of it."""
    return request.accept_languages.best_match(languages()) or ORIGINAL
