"""The options of averaged gradient episodic memory."""

from __future__ import annotations

from typing import Literal

from strategies.options.buffer import BufferOptions


class AgemOptions(BufferOptions):
    """Averaged gradient episodic memory."""

    type: Literal["agem"] = "agem"
