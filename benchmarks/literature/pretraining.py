"""A model that has learned something before the stream of a benchmark begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from daemon.build.pipeline import build_pipeline
from daemon.learning.stopwatch import Stopwatch
from daemon.scoring.scores import accuracy
from daemon.state.weights_export import export_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.literature.protocol import HeldOut, Stream
    from daemon.config.schema import Config


@dataclass(frozen=True, slots=True)
class Pretraining:
    """Some passes over records, learned as any stream is, and an export of what came of it."""

    config: Config
    passes: Sequence[Stream]

    def export(self, path: Path, *, test: HeldOut, watch: Callable[[], None]) -> float:
        """Learn, write the weights to a new file, and return the accuracy on ``test``; ``watch`` follows."""
        pipeline = build_pipeline(self.config, stopwatch=Stopwatch())
        for stream in self.passes:
            for chunk in stream.chunks():
                pipeline.process(chunk.records)
                watch()
        pipeline.close_block()
        assert pipeline.main is not None, "the passes have events"
        export_weights({"pipeline": pipeline.state_dict()}, path)
        learner = pipeline.main.scored.learner
        answers = learner.objective.answer(learner.predict(torch.from_numpy(test.x))).value
        score = accuracy(answers.numpy(), test.y)
        assert score is not None, "there are test rows"
        return score
