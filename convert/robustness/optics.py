"""From the height of a face in the picture to how far away it is."""

import math

FIELD_OF_VIEW_DEG = 66.0  # horizontal, Camera Module 3: Raspberry Pi's documentation of the camera modules, "Hardware"
FRAME_WIDTH_PX = 640
FACE_HEIGHT_M = 0.22  # of a grown person, from the chin to the top of the head


def distance_m(
    face_px: float,
    frame_width_px: int = FRAME_WIDTH_PX,
    field_of_view_deg: float = FIELD_OF_VIEW_DEG,
) -> float:
    """How far a face that is `face_px` high is from a Camera Module 3 whose whole width makes the frame.

    A pinhole camera's focal length is f = frame_width / (2 tan(field of view / 2)), in pixels: 493 here. What is H
    high in d metres is then h = f H / d pixels high, so that d = f H / h: 108 m over the height in pixels. (Hartley
    and Zisserman 2004, "Multiple View Geometry", section 6.1.)
    """
    focal_px = frame_width_px / (2 * math.tan(math.radians(field_of_view_deg) / 2))
    return focal_px * FACE_HEIGHT_M / face_px
