"""The notice for people in view, as a page to be printed; and addresses as QR codes."""

from pathlib import Path

import segno
from jinja2 import Environment, FileSystemLoader, select_autoescape

from edge import gateway
from edge.gateway.hosts import is_loopback
from edge.gateway.notice import facts
from edge.settings import Settings

FOLDER = Path(gateway.__file__).parent


def render_notice(settings: Settings, url: str) -> str:
    """The page (A4, complete in itself) with `url` as a QR code."""
    environment = Environment(loader=FileSystemLoader(FOLDER / "templates"), autoescape=select_autoescape())
    template = environment.get_template("notice.html")
    style = (FOLDER / "static" / "notice.css").read_text(encoding="utf-8")
    words = facts(settings, labels=settings.classifier.labels)
    return template.render(**words, style=style, url=url, qr_svg=qr_svg(url))


def default_url(settings: Settings, hostname: str) -> str:
    """Where people in view can read more: the page's notice if others reach it, else a contact that is a web page."""
    address, port = settings.web.address
    if not is_loopback(address):
        host = settings.web.hosts[0] if settings.web.hosts else f"{hostname.partition('.')[0]}.local"
        return f"http://{host}:{port}/notice"
    contact = settings.notice.contact
    return contact if contact.startswith(("https://", "http://")) else ""


def qr_svg(text: str) -> str:
    """An <svg> element; empty for no text."""
    return str(segno.make(text, error="m").svg_inline(scale=4, border=2, omitsize=True)) if text else ""
