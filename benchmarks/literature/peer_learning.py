"""A peer on its way through a stream: on the very rows that our learner would get, scored as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.literature.evaluation import Evaluation
from benchmarks.literature.learning import COURSE_POINTS, by_task, mean
from benchmarks.literature.peers import PEERS, UNKNOWN, Peer
from daemon.build.learner import generator_for
from daemon.build.pipeline import build_intake, build_tasks
from daemon.scoring.figures import Figures
from daemon.scoring.no_change import NoChange
from daemon.scoring.prequential import Prequential
from daemon.scoring.probe_sets import ProbeSets
from daemon.scoring.scores import accuracy

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from benchmarks.literature.protocol import Chunk, Stream
    from daemon.config.schema import Config
    from strategies.batch import Batch


class PeerLearning:
    """Tests, then trains, and evaluates the peer at the end of every task; as ``Learning``.

    Where the stream holds nothing out, what the daemon would hold out of our learning is held out here too, and
    evaluated on at the end.
    """

    def __init__(
        self,
        peer: str,
        config: Config,
        stream: Stream,
        *,
        evaluation_rows: int | None,
        clock: Callable[[], float],
    ) -> None:
        self.events = 0
        self._config = config
        self._make_peer = PEERS[peer]
        self._peer: Peer | None = None
        self._tasks = build_tasks(config)
        self._intake = build_intake(config, tasks=self._tasks)
        size = self._tasks.names.size
        self._prequential = Prequential(config.retention.window, classification=True, max_tasks=size)
        self._no_change = NoChange(classification=True)
        self._probes = ProbeSets(
            config.retention.probe_rows, max_tasks=size, generator=generator_for(config, "probes")
        )
        self._evaluation = Evaluation(stream, max_tasks=size, rows=evaluation_rows)
        self._clock = clock
        self._seconds = 0.0
        self._course: list[tuple[int, float | None]] = []
        self._next_point = self._point_events = max(1, stream.events // COURSE_POINTS)

    def take(self, chunk: Chunk) -> None:
        """Predict and learn the records of a chunk, of which nothing may be rejected."""
        start = self._clock()
        arrivals, rejects = self._intake.take(chunk.records)
        assert not rejects, rejects[0]
        assert arrivals is not None, "a chunk has records"
        if self._peer is None:
            assert self._intake.feature_names is not None, "a row has fixed them"
            self._peer = self._make_peer(self._config, names=self._intake.feature_names)
        self._meet(arrivals.batch, held_out=arrivals.held_out, peer=self._peer)
        self._seconds += self._clock() - start
        self.events += len(chunk.records)
        if chunk.ends is not None:
            self._end(chunk.ends, self._peer)
        if self.events >= self._next_point:
            self._course.append((self.events, self._prequential.windowed().accuracy))
            self._next_point = self.events + self._point_events

    def measured(self) -> dict[str, Any]:
        """Return what was measured, as fields of an ``Outcome``."""
        assert self._peer is not None, "the first chunk has made it"
        start = self._clock()
        self._peer.finish()
        self._seconds += self._clock() - start
        tasks, matrix, final, retention = self._retention(self._peer)
        prequential = self._prequential.total()
        names = dict(enumerate(self._tasks.names.names))
        return {
            "tasks": tasks,
            "matrix": matrix,
            "final": final,
            "course": self._course,
            "figures": {
                "final_accuracy": mean(final),
                "backward_transfer": retention.backward_transfer,
                "forgetting": retention.forgetting,
                "learning_accuracy": retention.learning_accuracy,
                "prequential_accuracy": prequential.accuracy,
                "no_change_accuracy": prequential.no_change_accuracy,
                "seconds": self._seconds,
                "events_per_second": self.events / self._seconds,
                **self._evaluation.ahead(),
                **(by_task(self._prequential, names) if self._peer.predicts_on_arrival else {}),
            },
        }

    def _meet(self, batch: Batch, *, held_out: NDArray[np.bool_], peer: Peer) -> None:
        """Predict each row, then learn it, one after another; or keep it from learning."""
        answers = np.full(len(batch), UNKNOWN, dtype=np.int64)
        for row, kept in enumerate(held_out.tolist()):
            one = batch[row : row + 1]
            if peer.predicts_on_arrival:
                answers[row : row + 1] = peer.answer(one.x.numpy())
            if not kept:
                peer.learn(one)
        if peer.predicts_on_arrival:
            reference = self._no_change.follow(batch.y.numpy(), key=batch.key.numpy())
            self._prequential.update(answers, label=batch.y.numpy(), task=batch.task.numpy(), no_change=reference)
        kept_rows = batch.take(np.flatnonzero(held_out))
        self._probes.add(kept_rows.x.numpy(), y=kept_rows.y.numpy(), task=kept_rows.task.numpy())

    def _end(self, task: str, peer: Peer) -> None:
        if peer.predicts_on_arrival:
            self._evaluation.task_ends(task, answer=self._answer, events=self.events)
        elif task not in self._evaluation.tasks:
            self._evaluation.tasks.append(task)

    def _retention(self, peer: Peer) -> tuple[list[str], list[list[float | None]], list[float | None], Figures]:
        """Return tasks, R, the scores at the end and their figures: on test rows, else on what was held out."""
        evaluation = self._evaluation
        if evaluation.tasks:
            if not peer.predicts_on_arrival:
                final = evaluation.final(self._answer)
                return evaluation.tasks, [final], final, Figures()
            return evaluation.tasks, evaluation.matrix(), evaluation.final(self._answer), evaluation.figures()
        names = list(self._tasks.names.names)
        final = [self._on_probes(code, peer) for code in range(len(names))]
        return names, [final], final, Figures()

    def _on_probes(self, task: int, peer: Peer) -> float | None:
        if not self._probes.count(task):
            return None
        x, y = self._probes.rows_of(task)
        return accuracy(peer.answer(x), y.astype(np.int64))

    def _answer(self, x: NDArray[np.float32], task: str) -> NDArray[np.int64]:
        assert self._peer is not None
        return self._peer.answer(x)
