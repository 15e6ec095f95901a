"""A run or a benchmark as one HTML page, for people who were not there."""
