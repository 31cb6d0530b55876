"""The gateway: page and API in a process of their own, which has the network and no camera.

It reads the event log, and talks to the daemon over a Unix socket (`live`). README.md beside this file is the API.
"""
