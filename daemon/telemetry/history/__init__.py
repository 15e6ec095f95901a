"""The run history, in bounded memory: curves, rates and notes."""
