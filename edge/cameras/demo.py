"""Play the demo, a recording that ships with the program and stands in where there is no camera."""

from edge.cameras.media.files import VideoFile
from edge.cameras.sources import DEMO


class DemoVideo(VideoFile):
    """Plays the demo at its own pace, and says that it is one."""

    is_demo = True

    def __init__(self) -> None:
        super().__init__(DEMO, realtime=True)
        self.name = "demo"
