"""What is remembered of a run, in bounded memory: curves, rates and notes."""
