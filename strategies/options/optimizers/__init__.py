"""The options of optimizers."""
