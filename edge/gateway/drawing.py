"""Draw faces into a picture, for viewers without the page: VLC, Home Assistant."""

from typing import Any

from PIL import Image, ImageDraw, ImageFont

from edge.colours import DARK_INK, Colours, colours_of

STAGE_COLOUR = "#20242b"
FONT_SHARE = 0.028  # of the picture's width; at least SMALLEST_FONT_PX
SMALLEST_FONT_PX = 13
PAD_PX = 5


def stage(width: int, height: int) -> Image.Image:
    return Image.new("RGB", (width, height), STAGE_COLOUR)


def draw_faces(image: Image.Image, faces: list[dict[str, Any]], frame_width_px: int) -> None:
    """Draw each face's box and label into `image`, an RGB copy of a frame that is `frame_width_px` wide."""
    scale = image.width / frame_width_px
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(max(SMALLEST_FONT_PX, image.width * FONT_SHARE))
    for face in faces:
        x, y, width, height = (value * scale for value in face["box_xywh"])
        colours = colours_of({face["emotion"], *face.get("probabilities", ())})[face["emotion"]]
        draw.rectangle((x - 1, y - 1, x + width + 1, y + height + 1), outline=DARK_INK, width=4)
        draw.rectangle((x, y, x + width, y + height), outline=colours.ground, width=2)
        _label(draw, font, label_text(face), (x, y), colours, image.width)


def label_text(face: dict[str, Any]) -> str:
    """As in "happy 93 %", or "sad? 41 %" where the model is not certain."""
    return f"{face['emotion']}{'' if face['certain'] else '?'} {face['score'] * 100:.0f} %"


def _label(
    draw: ImageDraw.ImageDraw,
    font: Any,
    text: str,
    corner: tuple[float, float],
    colours: Colours,
    image_width: int,
) -> None:
    """Write `text` on a bar above `corner`, moved to where it is inside of the picture."""
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    width = right - left + 2 * PAD_PX
    height = bottom - top + 2 * PAD_PX
    x = max(0.0, min(corner[0], image_width - width))
    y = max(0.0, corner[1] - height)
    draw.rectangle((x, y, x + width, y + height), fill=colours.ground)
    draw.text((x + PAD_PX - left, y + PAD_PX - top), text, font=font, fill=colours.ink)
