"""From the bytes of records to columns."""
