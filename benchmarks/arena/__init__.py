"""The arena: the daemon as a stranger would start it, against what streams are usually learned with."""
