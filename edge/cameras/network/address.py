"""Take a network camera's address apart. No error of this module repeats the address, which may hold a password."""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import parse_http_list, parse_keqv_list

DEFAULT_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}


class AddressError(ValueError):
    """The address cannot be taken apart."""


@dataclass(frozen=True)
class Address:
    """`target` is the address without `user` and `password`, which are decoded."""

    scheme: str
    host: str
    port: int
    user: str
    password: str
    target: str

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Raises AddressError."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise AddressError("not an address") from error
        if not parts.hostname:
            raise AddressError("no host")
        host_port = parts.netloc.rpartition("@")[2]
        target = urlunsplit((parts.scheme, host_port, parts.path or "/", parts.query, ""))
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port or DEFAULT_PORTS.get(parts.scheme, 80),
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            target=target,
        )

    @property
    def has_login(self) -> bool:
        return bool(self.user or self.password)


def authorization(challenge: str, address: Address, method: str, uri: str) -> str:
    """The header's value for a server's Basic or Digest (RFC 2617) `challenge`; empty for any other."""
    kind, _, rest = challenge.partition(" ")
    if kind.lower() == "basic":
        return "Basic " + b64encode(f"{address.user}:{address.password}".encode()).decode()
    if kind.lower() != "digest":
        return ""
    asked = parse_keqv_list([item for item in parse_http_list(rest) if "=" in item])
    fields: dict[str, str] = {name: asked[name] for name in ("realm", "nonce", "opaque") if name in asked}
    who = _md5(f"{address.user}:{asked.get('realm', '')}:{address.password}")
    what = _md5(f"{method}:{uri}")
    counted = ""
    if "auth" in asked.get("qop", ""):
        counted = ":00000001:emotion:auth"
        fields["cnonce"] = "emotion"
    response = _md5(f"{who}:{asked.get('nonce', '')}{counted}:{what}")
    fields |= {"username": address.user, "uri": uri, "response": response}
    quoted = [f'{name}="{value}"' for name, value in fields.items()]
    if counted:
        quoted += ["qop=auth", "nc=00000001"]
    return "Digest " + ", ".join(quoted)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
