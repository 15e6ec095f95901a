"""Who takes part."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from benchmarks.arena.capymoa_references import CapyMoaForest
from benchmarks.arena.reference import NoChange
from benchmarks.arena.river_references import AdaptiveRandomForest, HoeffdingTree, Linear

if TYPE_CHECKING:
    from benchmarks.arena.reference import MakeReference

RETAIND = "retaind"


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaLearner:
    """One that takes part."""

    summary: str
    make: MakeReference | None = None
    """None: the daemon."""
    library: str = "river"
    """Without which it cannot be made."""
    draws: bool = False
    """Whether its seed makes a difference."""

    @property
    def installed(self) -> bool:
        """Whether its library is."""
        return find_spec(self.library) is not None


LEARNERS: dict[str, ArenaLearner] = {
    RETAIND: ArenaLearner(
        summary="the untouched default: a decoder line, and what a label is", library="daemon", draws=True
    ),
    "no-change": ArenaLearner(summary="repeats the last label of the row's key", make=NoChange, library="numpy"),
    "river-linear": ArenaLearner(summary="logistic regression, one against the rest, or linear", make=Linear),
    "river-tree": ArenaLearner(summary="Hoeffding tree", make=HoeffdingTree),
    "river-arf": ArenaLearner(summary="adaptive random forest, ten trees", make=AdaptiveRandomForest, draws=True),
    "capymoa-arf": ArenaLearner(
        summary="the same forest, ten trees, by MOA", make=CapyMoaForest, library="capymoa", draws=True
    ),
}
"""Name on the command line → the learner; all but the daemon are references."""
