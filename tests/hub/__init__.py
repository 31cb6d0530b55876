"""The hub on real engines: Debian's mosquitto, postgresql, promtool; a test skips where its engine is missing."""
