"""Read pictures and videos from files, whatever they hold."""
