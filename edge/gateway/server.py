"""Serves the application by waitress, with its limits, until told to stop."""

import logging
import signal
import socket
import time
from pathlib import Path
from types import FrameType

import waitress
import waitress.channel
import waitress.server
from flask import Flask

from edge import settings
from edge.daemon.command import command_name
from edge.daemon.notify import notify
from edge.errors import EdgeError
from edge.gateway.access_token import AccessToken
from edge.gateway.app import MAX_BODY_BYTES, create_app
from edge.gateway.gateway import Gateway, token_file
from edge.gateway.hosts import is_loopback
from edge.gateway.live import LiveClient
from edge.gateway.mqtt.bridge import Bridge
from edge.gateway.notice import must_be_completed
from edge.gateway.notify.notifications import notifications_of

SPARE_THREADS = 4  # for pages and questions while every viewer's stream holds its own thread
MAX_HEADER_BYTES = 16_384
MAX_CONNECTIONS = 300  # each waits in a file descriptor, not in a thread
IDLE_SECONDS = 30  # after which a connection without a request is closed
OUTPUT_BYTES = 65_536  # that wait for a slow viewer; then his own thread waits, and what comes next is newer
UNSENT_BYTES = 16_384  # and so many more in the kernel (man tcp, TCP_NOTSENT_LOWAT)
UNSENT_MILLISECONDS = 20_000  # a viewer who takes nothing for so long is gone (man tcp, TCP_USER_TIMEOUT)

logger = logging.getLogger(__name__)


class SteadyTime:
    """What waitress takes for the module `time`: by a wall clock that is set back no idle connection would end."""

    time = staticmethod(time.monotonic)


def run(settings_: settings.Settings, log: Path | None = None) -> int:
    """Serve until SIGINT or SIGTERM, from `log` where the daemon was told to write that one.

    Raises EdgeError where the address cannot be taken.
    """
    client = LiveClient(settings.live_socket())
    gateway = Gateway(settings_, client, AccessToken(token_file()), settings.log_path(settings_), log)
    gateway.token.value()  # spoiled or unwritable: said now, not to the first viewer
    server = make_server(create_app(gateway), settings_.web)
    _stop_on_signals(client)
    client.start()
    bridge = Bridge(gateway) if settings_.mqtt.host else None
    gateway.mqtt = bridge
    if bridge:
        bridge.start()
    notifications = notifications_of(gateway)
    if notifications:
        notifications.start()
    _announce(settings_)
    notify("READY=1")
    try:
        server.run()
    finally:
        notify("STOPPING=1")
        if bridge:
            bridge.close()
        if notifications:
            notifications.close()
        server.close()
    return 0


def make_server(app: Flask, web: settings.WebSettings) -> waitress.server.BaseWSGIServer:
    """A server that listens already, and answers once it runs; raises EdgeError where the address cannot be taken."""
    proxy = {}
    if web.proxy:
        headers = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"}
        proxy = {"trusted_proxy": web.proxy, "trusted_proxy_headers": headers}
    waitress.server.time = waitress.channel.time = SteadyTime
    server = waitress.server.create_server(
        app,
        sockets=[_listen(web)],
        ident=None,
        threads=2 * web.viewers + SPARE_THREADS,  # a page holds one for its values, and asks for pictures by another
        connection_limit=MAX_CONNECTIONS,
        channel_timeout=IDLE_SECONDS,
        cleanup_interval=IDLE_SECONDS // 3,
        channel_request_lookahead=1,  # notices viewers who left
        max_request_header_size=MAX_HEADER_BYTES,
        max_request_body_size=MAX_BODY_BYTES,
        outbuf_high_watermark=OUTPUT_BYTES,
        asyncore_use_poll=True,
        clear_untrusted_proxy_headers=False,  # that they are there says that the viewer may be anywhere
        expose_tracebacks=False,
        **proxy,
    )
    server.adj.socket_options = [
        (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),
        (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNSENT_MILLISECONDS),
        (socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES),
    ]
    return server


def _listen(web: settings.WebSettings) -> socket.socket:
    host, port = web.address
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=MAX_CONNECTIONS)
    except OSError as error:
        found = f"{web.listen}: cannot listen there ({error.strerror})"
        raise EdgeError(found, "stop what does, or set another web.listen") from error


def _announce(settings_: settings.Settings) -> None:
    address, _ = settings_.web.address
    listen, command = settings_.web.listen, command_name()
    logger.info("the page is at http://%s/; `%s gateway url` prints it with its token", listen, command)
    if not is_loopback(address):
        logger.warning("the page is reachable from other machines, without encryption; the token protects it")
    if must_be_completed(settings_):
        logger.warning("people in view must be told who runs the camera: set operator, contact, purpose in [notice]")


def _stop_on_signals(client: LiveClient) -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        client.close()  # ends the streams, for which the server waits
        raise SystemExit(0)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
