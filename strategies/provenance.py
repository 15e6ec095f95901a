"""Where a row came from: what is noted of it beside what is learned."""

from __future__ import annotations

import zlib

PROVENANCE_COLUMNS = 4
"""Key, partition, offset and time: see ``Batch``."""

UNKNOWN = -1
"""Stands for a key, a time or a task that nobody has said of a row."""

SEVERAL = -2
"""Stands for the only key of something that several have, or where nobody has noted it."""


def partition_number(topic: str, partition: int) -> int:
    """Return the number of a partition, together with its topic: no two of a stream are taken for one."""
    return (zlib.crc32(topic.encode()) << 20) + partition
