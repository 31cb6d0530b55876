"""Who may ask for what: every request passes `Guard.check` first, and every answer gets `Guard.harden`'s headers.

Deny by default: an endpoint is open only where OPEN_ENDPOINTS names it.
"""

from urllib.parse import urlencode, urlsplit

from flask import Flask, Response, current_app, redirect, request
from werkzeug.exceptions import Forbidden, TooManyRequests, Unauthorized

from edge.gateway.access_token import COOKIE_SECONDS, AccessToken
from edge.gateway.attempts import FailedAttempts
from edge.gateway.hosts import is_allowed, is_loopback

OPEN_ENDPOINTS = frozenset({"alive", "notice", "static"})
CSRF_HEADER = "X-Emotion-Edge"
FORWARDED_HEADERS = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Forwarded", "Via")
LONGEST_TOKEN = 256  # characters; a longer one is wrong without a look
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), interest-cohort=()",
}


class Guard:
    """Host allow-list, token, and the check that a page elsewhere did not send the request."""

    def __init__(self, token: AccessToken, names: frozenset[str], port: int, attempts: FailedAttempts) -> None:
        self._token = token
        self._names = names
        self._attempts = attempts
        self.cookie_name = f"emotion_edge_{port}"  # cookies do not know ports

    def install(self, app: Flask) -> None:
        app.before_request(self.check)
        app.after_request(self.harden)

    def check(self) -> Response | None:
        """Let the request pass (None), send it elsewhere, or raise an HTTPException that refuses it."""
        if not is_allowed(request.environ.get("HTTP_HOST", ""), self._names):
            raise Forbidden("This name is not one of this device's; add it to web.hosts in the settings.")
        if request.endpoint in OPEN_ENDPOINTS:
            return None
        if request.method == "GET" and "token" in request.args:
            return self._enter(request.args["token"])
        by_browser = self._authenticate()
        if request.method not in ("GET", "HEAD", "OPTIONS"):
            _check_origin(by_browser)
        return None

    def harden(self, response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        cached = request.endpoint == "static" and response.status_code in (200, 304)
        response.headers["Cache-Control"] = "no-cache" if cached else "no-store"
        return response

    def _enter(self, token: str) -> Response:
        """Turn the token of a link into a cookie, and lead away from the address that shows it."""
        self._check_token(token)
        arguments = {key: value for key, value in request.args.items() if key != "token"}
        path = request.path if request.endpoint else "/"  # "//elsewhere" is no path of ours
        response = current_app.make_response(redirect(f"{path}?{urlencode(arguments)}" if arguments else path, 303))
        response.set_cookie(
            self.cookie_name,
            self._token.cookie(),
            max_age=COOKIE_SECONDS,
            path="/",
            secure=request.is_secure,
            httponly=True,
            samesite="Lax",
        )
        return response

    def _authenticate(self) -> bool:
        """Whether the request's pass is one that browsers send by themselves; raises where none is right."""
        authorization = request.authorization
        if authorization is not None and authorization.type == "bearer":
            self._check_token(authorization.token or "")
            return False
        if authorization is not None and authorization.type == "basic":
            self._check_token(authorization.password or "")
            return True
        if self._token.accepts(request.cookies.get(self.cookie_name, "")):
            return True
        raise Unauthorized("Give the token: by the address that holds it, or as Bearer.")

    def _check_token(self, token: str) -> None:
        """Raise where `token` is wrong: the right one is let in at once, whoever else guesses from its address."""
        if len(token) <= LONGEST_TOKEN and self._token.matches(token):
            return
        address = request.remote_addr or ""
        if wait_seconds := self._attempts.wait_seconds(address):
            raise TooManyRequests("Too many wrong tokens from this address; try again later.", retry_after=wait_seconds)
        self._attempts.add(address)
        raise Unauthorized("This token is wrong, or was replaced by another.")


def _check_origin(by_browser: bool) -> None:
    """Raise Forbidden where a page from elsewhere may have sent the request; `by_browser`: its pass came by itself."""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.host.lower():
        raise Forbidden("The request came from another site's page.")
    if request.headers.get("Sec-Fetch-Site") not in (None, "same-origin", "none"):
        raise Forbidden("The request came from another site's page.")
    if by_browser and (origin is None or request.headers.get(CSRF_HEADER) != "1"):
        raise Forbidden(f"Send the headers Origin and {CSRF_HEADER}: 1, or the token as Bearer.")


def viewer_is_local() -> bool:
    """Whether the viewer sits at this machine, or came by ssh; one who came through a proxy may be anywhere."""
    if any(name in request.headers for name in FORWARDED_HEADERS):
        return False
    return is_loopback(request.remote_addr)
