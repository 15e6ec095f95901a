"""Lets a consumer take part in a rebalance only when its reader is ready for one."""

from __future__ import annotations

from typing import Any

from kafka.structs import MemberState


class RebalanceGate:
    """Stands between a member of a group and the rebalance that the group wants.

    kafka-python (3.0.12) begins to rejoin within ``poll``, on its network thread, and calls the listener there,
    which cannot wait for a checkpoint. Until a member has rejoined, the broker gives its partitions to nobody, for
    as long as ``max_poll_interval_ms``, and takes its commits: that is the time to save and commit.
    """

    def __init__(self, consumer: Any) -> None:
        self._coordinator = consumer._coordinator  # noqa: SLF001  # no public method knows of a rebalance to come
        self._needs_rejoin = self._coordinator.need_rejoin
        self._coordinator.need_rejoin = self._may_rejoin
        self._join_and_sync = self._coordinator._do_join_and_sync_async  # noqa: SLF001
        self._coordinator._do_join_and_sync_async = self._join_once  # noqa: SLF001
        self._joined: bytes | None = None
        self.open = True

    @property
    def wanted(self) -> bool:
        """Whether the group wants a rebalance, or one is under way."""
        return bool(self._needs_rejoin())

    @property
    def still_a_member(self) -> bool:
        """Whether, as far as is known here, the group counts this process among its members."""
        return not self._coordinator._generation.is_lost()  # noqa: SLF001  # what is public hides why

    def _may_rejoin(self) -> bool:
        return self.open and self.wanted

    async def _join_once(self) -> bytes:
        """Join, or return what the last join brought if it ended between two polls.

        kafka-python drops that and joins anew, which makes all others join anew: two members can do that for ever.
        """
        joined, self._joined = self._joined, None
        if joined is None or self._coordinator.state is not MemberState.REBALANCING:
            joined = await self._join_and_sync()
        self._joined = joined
        return joined
