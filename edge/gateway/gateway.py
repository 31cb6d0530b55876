"""What the routes share: settings, the daemon's client, pictures, health, and how many streams run."""

import threading
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from flask import current_app
from werkzeug.exceptions import TooManyRequests

from edge import settings
from edge.gateway.access_token import AccessToken
from edge.gateway.health import Health
from edge.gateway.live import LiveClient
from edge.gateway.pictures import Level, Pictures, level_for
from edge.gateway.security import viewer_is_local

if TYPE_CHECKING:
    from edge.gateway.mqtt.bridge import Bridge

DEMO, DEMO_LOG = "demo", "demo.db"  # as the daemon has them
TOKEN_NAME = "web-token"  # of a file in the state folder
MAX_EXPORTS = 2  # at once: each holds a thread, and the log's WAL as it was
RETRY_SECONDS = 10


class Places:
    """So many may do something at once; one more is asked to come again."""

    def __init__(self, count: int) -> None:
        self._free = threading.Semaphore(count)

    def take(self) -> None:
        if not self._free.acquire(blocking=False):
            raise TooManyRequests("All places are taken; try again later.", retry_after=RETRY_SECONDS)

    def give_back(self) -> None:
        self._free.release()


@dataclass
class Gateway:
    settings: settings.Settings
    client: LiveClient
    token: AccessToken
    camera_log: Path
    only_log: Path | None = None
    """takes all rows, those of the demo too (`run --log`)"""
    pictures: Pictures = field(init=False)
    health: Health = field(init=False)
    viewers: Places = field(init=False)
    exports: Places = field(init=False)
    mqtt: "Bridge | None" = None
    """where a broker is set"""

    def __post_init__(self) -> None:
        self.pictures = Pictures(self.client)
        self.health = Health()
        self.viewers = Places(self.settings.web.viewers)
        self.exports = Places(MAX_EXPORTS)

    @property
    def log(self) -> Path:
        """The event log of what the daemon watches: a demo has one of its own."""
        if self.only_log:
            return self.only_log
        demo_log = self.camera_log.with_name(DEMO_LOG)
        return demo_log if self.client.snapshot.source == DEMO and demo_log.exists() else self.camera_log

    @property
    def name(self) -> str:
        return settings.device_name(self.settings)

    @property
    def labels(self) -> tuple[str, ...]:
        """The model's: as the daemon says, and before that as the manifest does."""
        hello = self.client.snapshot.hello or {}
        return tuple(hello.get("labels") or self._manifest_labels)

    @cached_property
    def _manifest_labels(self) -> tuple[str, ...]:
        return self.settings.classifier.labels

    def level(self) -> Level:
        """What the viewer of this request may see."""
        return level_for(self.settings.web.picture, viewer_is_local())


def this_gateway() -> Gateway:
    """The one whose request this is."""
    return cast(Gateway, current_app.extensions["gateway"])


def token_file() -> Path:
    return settings.state_folder() / TOKEN_NAME
