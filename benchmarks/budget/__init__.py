"""Whether a retention budget holds, what it costs, and how it lets go."""
