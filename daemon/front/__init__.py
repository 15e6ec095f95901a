"""The process that answers HTTP, beside the one that learns, and how the two speak."""
