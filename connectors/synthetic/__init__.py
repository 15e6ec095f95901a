"""Simulated sources."""
