"""What a benchmark came to, as a page and as pictures."""
