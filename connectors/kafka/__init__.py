"""Kafka: a source, and sinks for predictions and dead letters."""
