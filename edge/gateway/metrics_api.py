"""The route that Prometheus reads: https://prometheus.io/docs/practices/naming/ and the token as Bearer."""

from flask import Blueprint, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from edge.gateway.gateway import this_gateway
from edge.gateway.metrics import Metrics

LIVE_SECONDS = 0.5  # for the daemon's word

routes = Blueprint("metrics", __name__)


@routes.get("/metrics")
def metrics() -> Response:
    """All figures of this moment; what belongs to a daemon that does not run is left out."""
    gateway = this_gateway()
    with gateway.client.watching():
        snapshot = gateway.client.settled(LIVE_SECONDS)
    registry = CollectorRegistry()
    registry.register(Metrics(gateway, snapshot))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)
