"""What goes to a device: one archive, the wheels for it, and the way there by ssh."""
