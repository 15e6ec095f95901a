"""From the records of a source to rows that can be learned."""
