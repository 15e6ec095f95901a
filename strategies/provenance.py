"""Where a row came from: what is noted of it beside what is learned."""

PROVENANCE_COLUMNS = 4
"""Key, partition, offset and time: see ``Batch``."""

UNKNOWN = -1
"""Stands for a key, a time or a task that nobody has said of a row."""

SEVERAL = -2
"""Stands for the only key of something that several have, or where nobody has noted it."""
