"""The service on a booted Debian, with its own systemd, reached by ssh as a Pi is.

`make test-systemd` runs these; `make test` leaves them out.
"""
