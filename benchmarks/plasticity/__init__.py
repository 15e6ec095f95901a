"""Whether a model still learns after hundreds of tasks, and still remembers the latest."""
