"""Which generation never saw the keys: none of their events lies before where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.source import Rewindable, why_not_all_before
from daemon.build.edges import build_source, waiting_for_decoder
from daemon.rebuilding.left_out import LeftOut
from daemon.rebuilding.relearning import beside

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.config.schema import Config
    from daemon.state.rebuild_plan import RebuildPlan

_AT_ONCE, _POLL_SECONDS = 8_192, 0.2


def newest_unaware(config: Config, plan: RebuildPlan, snapshots: Mapping[int, Mapping[str, Any]]) -> int | None:
    """Return the newest generation that never saw the plan's keys; None where no one can be vouched for.

    ``snapshots`` are the source's positions of each. The source is read from its start until one of the keys'
    events lies before all of them, or there are no more: where it has lost its start, nobody knows what was there.
    """
    own, left_out, there = beside(config), LeftOut(config, plan), dict(snapshots)
    source = waiting_for_decoder(build_source(own), own.decoder, prepare=left_out.prepare)
    if not isinstance(source, Rewindable):
        return None
    try:
        source.open(None)
        is_whole = False
        while there:
            newest = max(there)
            records = source.poll(_AT_ONCE, _POLL_SECONDS)
            if not is_whole and source.status().ready:
                if why_not_all_before(source, there[newest]):
                    return None
                is_whole = True
            of_keys = left_out.are_of_keys(records)
            for record in (record for record, is_of in zip(records, of_keys, strict=True) if is_of):
                there = {each: at for each, at in there.items() if not source.lies_before(at)(record)}
            if is_whole and there and source.has_passed(there[max(there)]):
                return max(there)
            if source.exhausted:
                return max(there, default=None)
    finally:
        source.close()
    return None
