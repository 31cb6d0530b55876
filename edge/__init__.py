"""Everything that ships to the Raspberry Pi: camera, faces, emotions, event log, service."""

__version__ = "0.1.0"
