"""An MQTT connection that one selector serves together with hundreds of others."""

import selectors
import ssl

import paho.mqtt.client as mqtt

from tests.hub.engines import Hub, make_client

KEEPALIVE_SECONDS = 20


class Connection:
    """Lost, it forgets its client: the next one begins with nothing of it. A subclass prepares each new client."""

    def __init__(self, hub: Hub, user: str, selector: selectors.BaseSelector) -> None:
        self.user = user
        self.client: mqtt.Client | None = None
        self.alive = True
        self.connected = False
        self._hub = hub
        self._selector = selector

    def prepare(self, client: mqtt.Client) -> None:
        """Set callbacks and will."""
        raise NotImplementedError

    def connect(self) -> bool:
        """Begin a connection; False where the broker is away."""
        client = make_client(self._hub, self.user)
        client.on_socket_open = lambda _client, _data, sock: self._selector.register(sock, selectors.EVENT_READ, self)
        client.on_socket_close = lambda _client, _data, sock: self._lose(sock)
        self.prepare(client)
        self.client = client
        try:
            client.connect("localhost", self._hub.port, KEEPALIVE_SECONDS)
        except OSError:
            self.client = None
        return self.client is not None

    def read(self) -> None:
        """Take what has come. TLS may hold more than the socket shows."""
        client = self.client
        while client is not None and client.loop_read() == mqtt.MQTT_ERR_SUCCESS:
            self.write(client)
            sock = client.socket()
            if sock is None or not sock.pending():
                return

    def write(self, client: mqtt.Client) -> None:
        if client.want_write():
            client.loop_write()

    def keep_alive(self) -> None:
        if self.client is not None:
            self.client.loop_misc()

    def kill(self) -> None:
        """As a power cut: no goodbye, and it does not come back."""
        self.alive = False
        if self.client is not None:
            sock = self.client.socket()
            self.client.on_socket_close = None
            self._lose(sock)
            sock.close()

    def _lose(self, sock: ssl.SSLSocket) -> None:
        self._selector.unregister(sock)
        self.client = None
        self.connected = False
