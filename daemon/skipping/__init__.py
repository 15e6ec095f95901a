"""Passing a part of the stream on an operator's word: what `retaind skip` does."""
