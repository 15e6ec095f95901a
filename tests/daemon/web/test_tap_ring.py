"""The lines of a tap are kept in bounded memory, whoever asks however slowly."""

from __future__ import annotations

import asyncio

from daemon.web.tap_ring import KEPT, Lines, TapRing


def test_who_is_too_slow_is_told_how_many_he_has_missed() -> None:
    async def asked() -> None:
        ring = TapRing()
        waits = asyncio.create_task(ring.after(None, wait_seconds=10))
        await asyncio.sleep(0)
        ring.add(b"0")
        assert await waits == Lines([b"0"], next=1, missed=0)
        for number in range(1, KEPT + 11):
            ring.add(b"%d" % number)
        found = await ring.after(1, wait_seconds=10)
        assert (len(found.lines), found.missed, found.next) == (KEPT, 10, KEPT + 11)
        assert found.lines[-1] == b"%d" % (KEPT + 10)
        assert await ring.after(found.next, wait_seconds=0.01) == Lines([], found.next, missed=0)
        ring.clear()
        assert await ring.after(found.next - 3, wait_seconds=10) == Lines([], found.next, missed=3)
        ring.end()
        assert (await ring.after(None, wait_seconds=10)).lines == []

    asyncio.run(asked())
