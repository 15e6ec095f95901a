"""The section about what is erased on request."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from daemon.options import Section


class ErasureSection(Section):
    """Erasure of all that is remembered of a key, on the stream's own request."""

    tombstones: Literal["ignore", "forget"] = Field(
        "ignore",
        description="What a record with a key and a null value does: it is a dead letter like any other that cannot"
        " be decoded (ignore), or all that is remembered of its key is erased (forget).",
    )
