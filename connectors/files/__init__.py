"""Files: a source, predictions and dead letters."""
