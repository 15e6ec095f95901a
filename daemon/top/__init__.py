"""A running daemon in a terminal, from what its HTTP server tells."""
