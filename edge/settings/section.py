"""What every table of the settings is, and the kinds of values that several have."""

from typing import Annotated

import msgspec
from msgspec import Meta

Text = Annotated[str, Meta(pattern=r"^[^\x00]*$")]  # names of files and sources: no system takes a NUL in them
Share = Annotated[float, Meta(ge=0.0, le=1.0)]


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the TOML file; keys that it does not name are refused."""
