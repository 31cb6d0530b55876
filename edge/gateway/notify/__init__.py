"""Notifications: when, by the rules in the settings, and to whom."""
