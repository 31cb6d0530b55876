"""The service: camera to event log until told to stop, and how it talks to systemd and the terminal."""
