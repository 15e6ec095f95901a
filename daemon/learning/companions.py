"""All companions of the main learner."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from daemon.learning.block import ClosedBlock
    from daemon.learning.companion import Companion
    from strategies.any_learner import AnyLearner
    from strategies.row_holder import Gone

log = structlog.get_logger("retaind")


class Companions:
    """Tells every companion what the main learner sees. What they do never changes the main learner.

    ``makers`` make an untrained companion each, by its name: ``naive``, ``frozen`` or ``challenger``.
    """

    def __init__(self, makers: Mapping[str, Callable[[], Companion]]) -> None:
        self._makers = makers
        self._companions = {name: make() for name, make in makers.items()}
        self._blocks = 0
        self.begun_anew: list[str] = []
        """Those for which the state that was taken up last had nothing that fits."""

    def __iter__(self) -> Iterator[tuple[str, Companion]]:
        return iter(self._companions.items())

    def follow(
        self,
        block: ClosedBlock,
        *,
        known_classes: int,
        events: int,
        said: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        """Let those predict and learn the block whose turn it is; see ``Companion.follow``.

        ``said`` is what each has said on arrival, by name, where labels come later.
        """
        for name, companion in self._companions.items():
            own = None if said is None else said[name]
            companion.follow(block, number=self._blocks, known_classes=known_classes, events=events, said=own)
        self._blocks += 1

    def follow_scales(self) -> None:
        """Let each move its running scales, after the main learner has."""
        for companion in self._companions.values():
            companion.follow_scales()

    def end_segment(self, task: int, *, main: AnyLearner, drifted: bool, events: int, time: float) -> None:
        """End a segment of ``task``, with the main learner as it is now, before it consolidates."""
        for companion in self._companions.values():
            companion.end_segment(task, main=main, drifted=drifted, events=events, time=time)

    def mark_boundary(
        self, task: int, *, main: AnyLearner, others: Iterable[int], events: int, time: float
    ) -> None:
        """Evaluate each at a boundary of interleaved tasks, ``task`` and ``others``."""
        for companion in self._companions.values():
            companion.mark_boundary(task, main=main, others=others, events=events, time=time)

    def evaluate(self, task: int, *, number: int, events: int, time: float) -> None:
        """Evaluate those whose turn it is while ``task`` is being learned."""
        for companion in self._companions.values():
            companion.evaluate(task, number=number, events=events, time=time)

    def merge_task(self, task: int, *, into: int, share: float) -> None:
        """Let what each keeps and knows of ``task`` be of ``into``."""
        for companion in self._companions.values():
            companion.merge_task(task, into=into, share=share)

    def forget(self, gone: Gone, *, probes: NDArray[np.int64]) -> Counter[str]:
        """Let rows of keys go that each keeps for itself; return how many: see ``ScoredLearner.forget``."""
        counts = Counter[str]()
        for companion in self._companions.values():
            counts += Counter(companion.forget(gone, probes=probes))
        return counts

    def state_dict(self) -> dict[str, Any]:
        """Return the state of each, and how many blocks there were."""
        return {"blocks": self._blocks, "by_name": {name: each.state_dict() for name, each in self}}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what there is. Companions may come and go: one that is new, or another now, begins untrained."""
        self._blocks = state["blocks"]
        self.begun_anew = []
        saved = state["by_name"]
        for name in saved.keys() - self._makers.keys():
            log.info("companion no longer configured: its state is dropped", learner=name)
        for name in self._makers:
            self._companions[name] = self._restored(name, saved.get(name))

    def _restored(self, name: str, state: Mapping[str, Any] | None) -> Companion:
        if state is None:
            return self._anew(name, "the checkpoint has none of this name")
        companion = self._makers[name]()
        try:
            companion.load_state_dict(state)
        except (KeyError, ValueError) as error:
            return self._anew(name, f"the checkpoint's is another: {error}")
        return companion

    def _anew(self, name: str, reason: str) -> Companion:
        log.warning("companion begins untrained", learner=name, reason=reason)
        self.begun_anew.append(name)
        return self._makers[name]()
