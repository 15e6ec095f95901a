"""The daemon's own HTTP server."""
