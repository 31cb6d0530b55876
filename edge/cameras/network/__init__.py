"""Network cameras, and why one gives no stream."""
