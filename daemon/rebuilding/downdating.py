"""Where the model is a closed form, what the keys' rows have added is taken out of its sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connectors.source import Rewindable, why_not_all_before
from daemon.build.edges import build_source, waiting_for_decoder
from daemon.build.restored import restored
from daemon.intake.labels.options import NumberLabel
from daemon.learning.stopwatch import Stopwatch
from daemon.rebuilding.left_out import LeftOut
from daemon.rebuilding.past_source import PastSource
from daemon.rebuilding.relearning import beside
from strategies.closed_form import ClosedFormLearner
from strategies.row_holder import Gone

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connectors.record import Record
    from daemon.config.schema import Config
    from daemon.rebuilding.past_source import LeavesOut
    from daemon.state.generation import SavedState
    from daemon.state.rebuild_plan import RebuildPlan

_AT_ONCE, _POLL_SECONDS = 8_192, 0.2
_OF_SUMS = ("ridge", "network")


def why_not_downdated(config: Config) -> str:
    """Return why a model of this configuration has to be relearned, in a few words; empty where it has not.

    What rows have added can be told again only where a row is a function of its event alone, everything that was
    learned is in sums that do not fade, and each row is in them once.
    """
    reasons: Mapping[str, bool] = {
        "the model is no closed form": config.model.type != "closed_form",
        "its sums fade (model.forgetting)": getattr(config.model, "forgetting", 1) != 1,
        "inputs are scaled by what came (learner.standardise)": config.learner.standardise,
        "labels are (label.standardise)": isinstance(config.label, NumberLabel) and config.label.standardise,
        "there is a committee": config.committee is not None,
        "there are companions": any(each is not None for _, each in config.companions),
        "there are several targets": bool(config.targets),
        "labels come later": config.label.is_later,
        "rows look back (features)": _looks_back(config),
        "gaps are filled (decoder.missing)": getattr(config.decoder, "missing", "reject") != "reject",
        "there are rows from before the stream": config.reference is not None,
        "steps are limited": (config.learner.updates_per_event, config.learner.updates_per_task) != (None, None),
        "learning may have rested (retention.budget)": config.retention.budget is not None,
    }
    return next((why for why, holds in reasons.items() if holds), "")


def _looks_back(config: Config) -> bool:
    features = config.features
    return bool(features.lags or features.rolling or features.differences or features.label_lags)


class Downdating:
    """Reads the keys' events again, from the source's start to the plan's positions, and takes out their rows."""

    def __init__(self, config: Config, plan: RebuildPlan, saved: SavedState) -> None:
        """Begin with what was ``saved`` where the plan ends."""
        self._config = config
        self._saved = saved
        self.left_out = LeftOut(config, plan)
        self._plan = plan
        self.rows = 0
        """Taken out so far."""

    def run(self, told: Callable[[Mapping[str, Any]], None]) -> dict[str, Any] | None:
        """Return the state of a pipeline without them; None where not all can be read again, or was learned."""
        # Its vocabularies and the like count on while it reads: only its sums are taken over.
        reading = restored(self._config, self._saved, stopwatch=Stopwatch())
        [pipeline] = reading.by_target.values()
        if pipeline.main is None or not isinstance(pipeline.main.scored.learner, ClosedFormLearner):
            return None
        if pipeline.main.scored.learner.rejected_steps:
            return None
        for records in self._of_keys(told):
            if records is None:
                return None
            self.rows += pipeline.unlearn(records)
        return self._without_rows(pipeline.main.scored.learner.state_dict())

    def _of_keys(self, told: Callable[[Mapping[str, Any]], None]) -> Iterator[Sequence[Record] | None]:
        """Yield the keys' events; None where the source has lost its start."""
        own = beside(self._config)
        inner = waiting_for_decoder(build_source(own), own.decoder, prepare=self.left_out.prepare)
        all_of_them: LeavesOut = self.left_out.chosen
        source = PastSource(inner, until=self._plan.until, without=all_of_them)
        assert isinstance(inner, Rewindable), "PastSource has seen to it"
        try:
            source.open(None)
            is_whole = False
            while not source.exhausted:
                records = source.poll(_AT_ONCE, _POLL_SECONDS)
                if not is_whole and source.status().ready:
                    if why_not_all_before(inner, self._plan.until):
                        yield None
                        return
                    is_whole = True
                if records:
                    yield records
                told(source.snapshot())
        finally:
            source.close()

    def _without_rows(self, learner: Mapping[str, Any]) -> dict[str, Any]:
        clean = restored(self._config, self._saved, stopwatch=Stopwatch())
        clean.forget(Gone.of_keys(sorted(self.left_out.found)))
        state = clean.state_dict()
        scored = state["main_learner"]["scored"]
        scored["learner"] |= {name: learner[name] for name in _OF_SUMS}
        weights = learner["network"]["parameters"]
        scored["pre_drift_weights"] |= {"older": weights.clone(), "newer": weights.clone()}
        return state
