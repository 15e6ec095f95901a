"""The options of models."""
