"""What the daemon tells of itself: metrics, status, health, and the run history."""
