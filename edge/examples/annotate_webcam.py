"""Record a camera with boxes and emotions drawn in: `python -m edge.examples.annotate_webcam CAMERA OUT.avi [SECONDS]`.

CAMERA is a device such as /dev/video0, or a video file.
"""

import sys
import time

import cv2

from edge import Analyzer
from edge.drawing import annotate

source = sys.argv[1]
out = sys.argv[2]
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 10.0
analyzer = Analyzer()
camera = cv2.VideoCapture(source)
size = int(camera.get(cv2.CAP_PROP_FRAME_WIDTH)), int(camera.get(cv2.CAP_PROP_FRAME_HEIGHT))
video = cv2.VideoWriter(out, cv2.VideoWriter.fourcc(*"MJPG"), 15.0, size)
end_s = time.monotonic() + seconds
while time.monotonic() < end_s:
    there, frame = camera.read()
    if not there:
        break
    video.write(annotate(frame, analyzer.analyze(frame, time_s=time.monotonic())))
video.release()
