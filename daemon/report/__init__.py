"""A run as one HTML page, for people who were not there."""
