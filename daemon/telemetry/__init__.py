"""What the daemon tells of itself: metrics, status, health, and the history of the run."""
