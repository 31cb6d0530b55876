"""The real daemon under faults, for minutes: `make chaos`. Not part of `make test`."""
