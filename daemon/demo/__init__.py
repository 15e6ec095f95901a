"""What retention is worth, seen on a simulated plant that is learned twice."""
