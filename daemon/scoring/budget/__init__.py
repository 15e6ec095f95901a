"""The retention budget: how much a task may be forgotten, and what is done about it."""
