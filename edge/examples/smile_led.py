"""Light an LED on GPIO 17 while somebody in view smiles: `python -m edge.examples.smile_led [CAMERA]`.

Needs gpiozero, which Raspberry Pi OS brings: `sudo apt install -y python3-gpiozero`.
"""

import sys
import time

import cv2
from gpiozero import LED

from edge import Analyzer

source = sys.argv[1] if len(sys.argv) > 1 else "/dev/video0"  # a video file will do, too
analyzer = Analyzer()
camera = cv2.VideoCapture(source)
led = LED(17)
while True:
    there, frame = camera.read()
    if not there:
        break
    faces = analyzer.analyze(frame, time_s=time.monotonic())
    led.value = any(face.emotion == "happy" and face.certain for face in faces)
led.off()
