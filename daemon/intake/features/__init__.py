"""Features of a stream, computed online from the events before."""
