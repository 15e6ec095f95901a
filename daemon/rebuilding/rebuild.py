"""Relearns what was learned without some keys, and lets it take the daemon's place when it is level."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from daemon.build.taking_over import take_over
from daemon.rebuilding.comparison import Comparison, compare
from daemon.rebuilding.downdating import Downdating, why_not_downdated
from daemon.rebuilding.relearning import Relearning
from daemon.rebuilding.unaware import newest_unaware
from daemon.state.audit_log import AuditLog
from daemon.state.checkpoints import CheckpointStore
from daemon.state.key_digests import KeyDigests
from daemon.state.rebuild_plan import RebuildPlan, rebuild_directory
from daemon.state.rebuilt_offer import RebuiltOffer
from daemon.state.state_error import StateError, state_io
from daemon.state.state_lock import StateLock

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from daemon.config.schema import Config
    from daemon.state.generation import SavedState

Begin = Literal["unaware", "untrained"] | int
_LOOK_SECONDS = 0.5


class NothingToLeaveOutError(ValueError):
    """No key was named, and none was ever erased."""


class Shown(Protocol):
    """Hears how far it is."""

    def round(self, at: Mapping[str, Any], *, until: Mapping[str, Any]) -> None:
        """Take note that it is relearned from some positions up to others."""

    def passed(self, at: Mapping[str, Any]) -> None:
        """Take note of the positions of now."""

    def say(self, what: str) -> None:
        """Say something, in a sentence."""


class Rebuild:
    """One rebuilding, from the plan to the take-over; a killed one goes on where it was.

    It reads the daemon's newest generation, and learns up to where that stands, round after round: until nothing
    has come meanwhile. Then the two are compared.
    """

    def __init__(
        self, config: Config, keys: Sequence[bytes], *, by: str, shown: Shown, archive: Sequence[str] = ()
    ) -> None:
        """Plan nothing yet; ``archive`` are files to read before the source: see ``ArchivedSource``."""
        self._config = config
        self._directory = Path(config.checkpoint.directory)
        self._store = CheckpointStore(self._directory, keep=config.checkpoint.keep)
        self._shown = shown
        self._by = by
        self._archive = tuple(archive)
        self._keys = tuple(dict.fromkeys(keys))
        own = [KeyDigests(self._directory).of(key) for key in self._keys]
        erased = [digest for each in AuditLog(self._directory).erasures() for digest in each.keys]
        self._digests = tuple(dict.fromkeys([*own, *erased]))
        if not self._digests:
            raise NothingToLeaveOutError("no key was named with --key, and none was ever erased")
        self._found: set[bytes] = set(self._keys)

    def run(self, *, begin: Begin, even_if_behind: bool, sleep: Callable[[float], None] = time.sleep) -> Comparison:
        """Return how it compares in the end: it has taken over where that is level, or it is to ``even_if_behind``.

        Where it is not level, a daemon that runs is followed until it is. Raises ``StateError``,
        ``SourceDataError`` and ``SourceUnavailableError``.
        """
        plan = self._planned(begin)
        self._first_round(plan, downdates=self._downdates(begin))
        told = None
        while True:
            newest = self._store.require_newest().saved
            if newest.state["source"] != plan.until:
                plan, told = plan.further(newest.state["source"]), None
                plan.keep(self._directory)
                self._relearn(plan, None)
                continue
            if told is None:
                told = compare(self._config, self._rebuilt(), newest, keys=sorted(self._found))
                if told.is_level or even_if_behind:
                    offer = RebuiltOffer(
                        plan.keys,
                        plan.by,
                        told={"keys": list(plan.digests), "begun_with": plan.begun_with, **told.told()},
                    )
                    if self._hand_over(offer, newest, sleep):
                        return told
                    told = None
                    continue
                if not self._daemon_runs():
                    return told
                self._shown.say("not level yet: it goes on with the daemon")
            sleep(_LOOK_SECONDS)

    def _planned(self, begin: Begin) -> RebuildPlan:
        """Return the plan that was begun of the same keys, or a new one, which is kept."""
        until = self._store.require_newest().saved.state["source"]
        plan = RebuildPlan(self._keys, self._digests, self._by, None, until, self._archive)
        kept = RebuildPlan.kept(self._directory)
        if kept is not None and kept.is_of(plan) and self._can_go_on(kept):
            self._shown.say("going on where the last one was stopped")
            return kept
        own = rebuild_directory(self._directory)
        if own.exists():
            with StateLock(own), state_io(own, "remove"):
                shutil.rmtree(own)
        found = None
        if isinstance(begin, int):
            found = self._store.verify(begin).generation
        elif begin == "unaware" and not (self._archive or self._downdates(begin)):
            self._shown.say("looking for a generation that never saw the keys")
            generations = self._store.generations()
            positions = {each: self._store.load(each).state["source"] for each in generations}
            found = newest_unaware(self._config, plan, positions)
        plan = replace(plan, begun_with=found)
        plan.keep(self._directory)
        if self._downdates(begin):
            return plan
        self._shown.say("it begins untrained" if found is None else f"it begins with generation {found}")
        return plan

    def _can_go_on(self, plan: RebuildPlan) -> bool:
        """Tell whether what a plan begins with is there: its own generation, or the daemon's."""
        own = CheckpointStore(rebuild_directory(self._directory), keep=1).generations()
        return bool(own) or plan.begun_with is None or plan.begun_with in self._store.generations()

    def _begun_with(self, plan: RebuildPlan) -> SavedState | None:
        own = CheckpointStore(rebuild_directory(self._directory), keep=1).generations()
        return None if own or plan.begun_with is None else self._store.load(plan.begun_with)

    def _downdates(self, begin: Begin) -> bool:
        return begin == "unaware" and not self._archive and not why_not_downdated(self._config)

    def _first_round(self, plan: RebuildPlan, *, downdates: bool) -> None:
        """Take the rows out of a closed form's sums, or relearn."""
        store = CheckpointStore(rebuild_directory(self._directory), keep=1)
        newest = self._store.require_newest().saved
        if downdates and not store.generations() and newest.state["source"] == plan.until:
            self._shown.round({}, until=plan.until)
            downdating = Downdating(self._config, plan, newest)
            state = downdating.run(self._shown.passed)
            self._found |= downdating.left_out.found
            if state is not None:
                self._shown.say(f"{downdating.rows:,} rows are taken out of the sums of a closed form")
                store.write({"pipeline": state, "source": dict(plan.until)}, newest.summary)
                return
            self._shown.say("not all of their rows can be read again: relearning from the start")
        self._relearn(plan, self._begun_with(plan))

    def _relearn(self, plan: RebuildPlan, begin_with: SavedState | None) -> None:
        with Relearning(self._config, plan, begin_with=begin_with) as relearning:
            self._shown.round(relearning.source.snapshot(), until=plan.until)
            relearning.run(self._shown.passed)
            if plan.begun_with is None and (why := relearning.past.why_not_all()):
                self._shown.say(f"not all that was learned can be relearned: {why}")
            self._found |= relearning.left_out.found

    def _rebuilt(self) -> SavedState:
        return CheckpointStore(rebuild_directory(self._directory), keep=1).require_newest().saved

    def _hand_over(self, offer: RebuiltOffer, newest: SavedState, sleep: Callable[[float], None]) -> bool:
        """Take over, or let the daemon that runs do it; return False where it has moved on or refused."""
        if self._daemon_runs():
            return self._taken(offer, sleep)
        with StateLock(self._directory):
            if self._store.require_newest().saved.state["source"] != newest.state["source"]:
                return False
            offer.make(self._directory)
            take_over(self._config, self._store, offer)
        return True

    def _taken(self, offer: RebuiltOffer, sleep: Callable[[float], None]) -> bool:
        """Leave it to the daemon that runs; return False where that stops before it has taken it."""
        offer.make(self._directory)
        self._shown.say("level: the running daemon takes it over between two turns")
        while RebuiltOffer.path(self._directory).exists():
            sleep(_LOOK_SECONDS)
            if not self._daemon_runs():
                return False
        if RebuildPlan.path(self._directory).exists():
            raise StateError("the running daemon has refused what was rebuilt; its log says why")
        return True

    def _daemon_runs(self) -> bool:
        try:
            with StateLock(self._directory):
                return False
        except StateError:
            return True
