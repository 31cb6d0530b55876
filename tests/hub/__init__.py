"""The hub on real engines: Debian's mosquitto and postgresql, promtool; each test skips where its engine is not installed."""
