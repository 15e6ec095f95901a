"""Simulated sources, computed from a seed."""
