"""The options of adapters."""
