"""The manners of a daemon: signals, supervisor, logs, exit codes, HTTP."""
