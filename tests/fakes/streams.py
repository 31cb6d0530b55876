"""Real network cameras on this machine's loopback, as fixtures: MJPEG over HTTP, and RTSP by GStreamer."""

import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np
import pytest

WIDTH = 704
HEIGHT = 480
SYSTEM_PYTHON = "/usr/bin/python3"  # apt's GStreamer bindings are for that one
RTSP_SERVER = f"""
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch("videotestsrc is-live=true ! video/x-raw,format=I420,width={WIDTH},height={HEIGHT},framerate=15/1"
                   " ! jpegenc ! rtpjpegpay name=pay0")
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("PORT")
server.get_mount_points().add_factory("/camera", factory)
assert server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""
NEEDS = 'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer'


class MjpegServer:
    """Gives `frames_a_visit` JPEGs to each visitor and hangs up; `silent` keeps the line open without a word."""

    def __init__(self) -> None:
        self.frames_a_visit = 1000
        self.visits = 0
        self.visitors = 0
        self._left = threading.Event()
        self.silent = False
        self._over = threading.Event()
        _, jpeg = cv2.imencode(".jpg", np.full((HEIGHT, WIDTH), 77, np.uint8))
        content = jpeg.tobytes()
        part = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(content), content)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _mjpeg_handler(self, part))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/video"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def wait_until_left(self) -> None:
        assert self._left.wait(30)

    def close(self) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()


def _mjpeg_handler(outer: MjpegServer, part: bytes) -> type[BaseHTTPRequestHandler]:
    """Gives `part` to each visitor, over and over, as `outer` says."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            outer.visits += 1
            outer.visitors += 1
            outer._left.clear()
            self._give_frames()
            outer.visitors -= 1
            outer._left.set()

        def _give_frames(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
            self.end_headers()
            if outer.silent:
                outer._over.wait()
            for _ in range(outer.frames_a_visit):
                if outer._over.wait(0.01):
                    return
                try:
                    self.wfile.write(part)
                except OSError:  # the visitor left
                    return

        def log_message(self, *arguments: object) -> None:
            pass

    return Handler


@pytest.fixture
def mjpeg() -> Iterator[MjpegServer]:
    server = MjpegServer()
    yield server
    server.close()


class RtspServer:
    """A GStreamer process on a port of its own; `stop` pulls the plug, `start` puts it in again."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.url = f"rtsp://127.0.0.1:{self._port}/camera"
        self.start()

    def start(self) -> None:
        script = RTSP_SERVER.replace("PORT", str(self._port))
        self._process = subprocess.Popen([SYSTEM_PYTHON, "-c", script], stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        assert self._process.stdout.readline().strip() == str(self._port)

    def stop(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture
def rtsp() -> Iterator[RtspServer]:
    try:
        subprocess.run([SYSTEM_PYTHON, "-c", NEEDS], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no RTSP server: apt install python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good")
    server = RtspServer()
    yield server
    server.stop()
