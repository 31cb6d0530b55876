"""The service on a booted Debian, with its own systemd, reached by ssh as a Pi is: `make test-systemd`. Not part of `make test`."""
