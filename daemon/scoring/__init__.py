"""How well the model does: on every event as it arrives, and on what was held out of every task."""
