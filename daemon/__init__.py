"""The process: one loop, its configuration, checkpoints, retention scoring, metrics, HTTP and command line."""
