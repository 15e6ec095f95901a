"""Rows from before the stream: read once, scored all along, and mixed into what is learned."""
