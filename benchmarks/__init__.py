"""Measurements of the daemon, from a checkout: they are no part of what is installed."""
