"""A learned model as a file for other programs, and what applies it without a daemon."""
