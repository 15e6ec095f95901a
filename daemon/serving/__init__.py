"""Answers to whoever asks, from an immutable copy of what was learned."""
