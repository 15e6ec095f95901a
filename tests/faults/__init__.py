"""Faults drawn at random against a real daemon and a real broker, and an oracle that reads the topic."""
