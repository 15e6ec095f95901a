"""Dead letters looked at and put back into the stream: what `retaind dead-letters` does."""
