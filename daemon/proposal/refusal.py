"""Why no configuration can be written for some data."""

from __future__ import annotations


class NoProposalError(Exception):
    """The data cannot be learned from as it is; the message says why, and what to do about it."""
