"""Kafka: a source, predictions and dead letters."""
