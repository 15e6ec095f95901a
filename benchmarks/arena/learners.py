"""Who takes part."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from benchmarks.arena.capymoa_references import CapyMoaForest, CapyMoaReplay
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
    """Without which it cannot be made; its version is kept with a run."""
    needs: tuple[str, ...] = ()
    """Others that it cannot be made without."""
    draws: bool = False
    """Whether its seed makes a difference."""
    numbers: bool = True
    """Whether it can learn a label that is a number."""

    @property
    def installed(self) -> bool:
        """Whether its libraries are."""
        return not self.missing

    @property
    def missing(self) -> list[str]:
        """Those of its libraries that are not installed."""
        return [name for name in (self.library, *self.needs) if find_spec(name) is None]


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
    "capymoa-er": ArenaLearner(
        summary="online experience replay, 500 rows, a perceptron; classes only",
        make=CapyMoaReplay,
        library="capymoa",
        needs=("torchvision", "river"),
        draws=True,
        numbers=False,
    ),
}
"""Name on the command line → the learner; all but the daemon are references."""
