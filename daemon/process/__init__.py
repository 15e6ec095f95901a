"""How a process behaves as a daemon: signals, supervisor, logs, exit codes."""
