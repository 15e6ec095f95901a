"""Schema registries with Confluent's interface: what a message's schema is."""
