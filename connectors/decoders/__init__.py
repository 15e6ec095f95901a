"""Decoders: from the bytes of records to columns."""
