"""Show a camera with boxes and emotions in any browser: `python -m edge.examples.flask_stream [CAMERA]`, port 8000.

Needs Flask: `python -m pip install flask`. It listens on this machine only and asks for no password; the page that
comes along (`emotion-edge run --page`) does more, and guards it.
"""

import sys
import time
from collections.abc import Iterator

import cv2
from flask import Flask, Response

from edge import Analyzer
from edge.drawing import annotate

source = sys.argv[1] if len(sys.argv) > 1 else "/dev/video0"
analyzer = Analyzer()
app = Flask(__name__)


def pictures() -> Iterator[bytes]:
    camera = cv2.VideoCapture(source)
    while (read := camera.read())[0]:
        faces = analyzer.analyze(read[1], time_s=time.monotonic())
        jpeg = cv2.imencode(".jpg", annotate(read[1], faces))[1].tobytes()
        yield b"--FRAME\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg + b"\r\n"


@app.route("/")
def stream() -> Response:
    return Response(pictures(), mimetype="multipart/x-mixed-replace; boundary=FRAME")


if __name__ == "__main__":
    app.run(port=8000)
