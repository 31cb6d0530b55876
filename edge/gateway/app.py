"""Puts the Flask application together: routes, the guard before them, and answers to what goes wrong."""

import logging

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from edge.daemon.command import command_name
from edge.errors import EdgeError, UsageError
from edge.gateway import compression, live_api, log_api, metrics_api, pages
from edge.gateway.attempts import FailedAttempts
from edge.gateway.gateway import Gateway
from edge.gateway.hosts import own_names
from edge.gateway.security import Guard
from edge.gateway.texts import ORIGINAL, texts

MAX_BODY_BYTES = 4096  # the longest is a question to forget, some 80
PICTURE_ENDPOINTS = frozenset({"live.stream", "live.frame"})  # VLC and Home Assistant ask for these, with a password

logger = logging.getLogger(__name__)


def create_app(gateway: Gateway, attempts: FailedAttempts | None = None) -> Flask:
    app = Flask(__name__, static_folder="static", template_folder="templates")
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    app.extensions["gateway"] = gateway
    web = gateway.settings.web
    Guard(gateway.token, own_names(web.hosts), web.address[1], attempts or FailedAttempts()).install(app)
    compression.install(app)
    pages.add_to(app)
    app.register_blueprint(live_api.routes)
    app.register_blueprint(log_api.routes)
    app.register_blueprint(metrics_api.routes)
    app.register_error_handler(HTTPException, refuse)
    app.register_error_handler(EdgeError, explain)
    app.register_error_handler(Exception, hide)
    return app


def refuse(error: HTTPException) -> Response:
    """An answer to a person or a program, without the server's insides."""
    status = error.code or 500
    if error.response is not None:  # a redirect of the router
        return make_response(error.get_response())
    if status == 401 and request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        words = texts(ORIGINAL)
        values = {"t": words["enter"], "notice": words["page"]["notice"], "command": command_name()}
        response = make_response(render_template("enter.html", problem=error.description, **values), status)
    else:
        response = make_response(jsonify(error=error.description), status)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
        if request.endpoint in PICTURE_ENDPOINTS:
            response.headers["WWW-Authenticate"] = 'Basic realm="emotion-edge, the token is the password"'
    return response


def explain(error: EdgeError) -> Response:
    """No log yet is nothing found; a log that cannot be read may be one again."""
    status = 404 if isinstance(error, UsageError) else 503
    return make_response(jsonify(error=str(error)), status)


def hide(error: Exception) -> Response:
    """What nobody expected goes to the journal, and none of it to the viewer."""
    logger.exception("%s %s failed", request.method, request.path, exc_info=error)
    return make_response(jsonify(error="This failed; the device's journal says why."), 500)
