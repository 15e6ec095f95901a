"""The section about the committee that answers."""

from __future__ import annotations

from pydantic import Field

from daemon.options import Section


class CommitteeSection(Section):
    """Several cheap learners on the same events, whose predictions are mixed by how right each was lately."""

    share: float = Field(
        0.002,
        gt=0,
        lt=1,
        description="Share of the trust that every event deals out anew, so that another member can take over.",
    )
