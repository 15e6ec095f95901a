"""The daemon from start to stop."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import structlog
import torch
from prometheus_client import CollectorRegistry

from connectors.sink import SinkUnavailableError
from connectors.source import CheckpointRefusedError, PartitionsLostError
from daemon.build.edges import build_source, waiting_for_decoder
from daemon.build.erasing import erase, finish_erasing
from daemon.build.going_back import NoWayBackError, go_back
from daemon.build.loop import build_loop
from daemon.build.output_paths import written_places
from daemon.build.pipeline import build_any_pipeline
from daemon.build.reloading import NeedsRestartError, Reloading
from daemon.build.restored import restored
from daemon.build.server import build_front
from daemon.build.serving import build_snapshots
from daemon.build.taking_over import finish_taking_over, refuse, take_over
from daemon.build.tapping import build_tap
from daemon.config.errors import ConfigError
from daemon.intake.features.field_names import FieldNameError
from daemon.learning.stopwatch import Stopwatch
from daemon.loop.erased import Erased
from daemon.loop.reject_limit import NotToleratedError, TooManyRejectsError
from daemon.process.cycles import Cycles
from daemon.process.notify import Notify
from daemon.process.threads import use_threads
from daemon.process.version import retaind_version
from daemon.serving.packed import UnpackableError
from daemon.state.checkpoints import CheckpointStore
from daemon.state.erasure_request import ErasureRequest
from daemon.state.rebuilt_offer import RebuiltOffer
from daemon.state.saved_setting import FROM_PYTHON
from daemon.state.state_error import StateError
from daemon.state.state_lock import StateLock
from daemon.telemetry.advice import Advisor
from daemon.telemetry.health import Health
from daemon.telemetry.history.recorder import Recorder
from daemon.telemetry.history.saved import read_history
from daemon.telemetry.metrics import Metrics
from daemon.telemetry.telemetry import Telemetry
from daemon.web.control import Answer, Control

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from connectors.record import Record
    from daemon.config.schema import Config
    from daemon.state.generation import SavedState
    from daemon.web.control import Action

log = structlog.get_logger("retaind")

_TURN_LIMIT_SECONDS = 60.0
_RESTORE_LIMIT_SECONDS = 600.0
_LAST_SECONDS = 5.0


class Service:
    """Owns everything that a configuration needs, from the lock on the state to the HTTP server.

    As a context: on entering it locks the state directory, restores the newest good checkpoint, serves HTTP and
    opens the source; on leaving it releases everything. Raises ``ConfigError``, ``StateError`` and
    ``AddressUnavailableError`` with what to do about it.
    """

    def __init__(
        self, config: Config, *, notify: Notify | None = None, read: Callable[[], Config] | None = None
    ) -> None:
        directory = Path(config.checkpoint.directory)
        self.config = config
        self._read = read or (lambda: config)
        self._notify = notify or Notify({})
        self._stopwatch = Stopwatch()
        self._health = Health(turn_limit_seconds=_TURN_LIMIT_SECONDS)
        self._history = Recorder()
        self._control = Control()
        self._lock = StateLock(directory)
        self._store = CheckpointStore(directory, keep=config.checkpoint.keep)
        self.registry = CollectorRegistry()
        self._metrics = Metrics(
            self.registry,
            version=retaind_version(),
            torch_version=torch.__version__,
            started_seconds=time.time(),
            max_tasks=config.retention.max_tasks,
            alone=not config.targets,
        )
        self.http = build_front(
            config,
            registry=self.registry,
            health=self._health,
            history=self._history,
            control=self._control,
            metrics=self._metrics,
            tap=self._watched,
        )
        self.tap = build_tap(config, send=self.http.show)
        self.source = waiting_for_decoder(build_source(config), config.decoder, prepare=self._prepare)
        self.loop = build_loop(
            config,
            source=self.source,
            store=self._store,
            telemetry=Telemetry(
                self._metrics,
                self._health,
                name=config.name,
                stability=config.retention.stability,
                stopwatch=self._stopwatch,
                history=self._history,
                advisor=Advisor(window_events=config.retention.window),
                written=written_places(config),
            ),
            stopwatch=self._stopwatch,
            snapshots=build_snapshots(config, hand_over=self.http.hand_over, metrics=self._metrics.serving),
        )
        self._reloading = Reloading(self.loop, store=self._store, stopwatch=self._stopwatch)
        self._cycles = Cycles()
        self._was_ready = False
        self._quit = False
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.push(self._open)
            self._start()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def run(
        self,
        *,
        stop: Callable[[], bool],
        consolidate: Callable[[], bool] = lambda: False,
        reload: Callable[[], bool] = lambda: False,
        reopen: Callable[[], bool] = lambda: False,
    ) -> None:
        """Learn until asked to ``stop`` or the source is exhausted; then save. All are asked before each turn.

        Raises ``TooManyRejectsError`` where most of the stream is bad; the next start goes on behind what was
        rejected by then, unless no event is to be passed.
        """
        try:
            self._run(stop=stop, consolidate=consolidate, reload=reload, reopen=reopen)
        except NotToleratedError:
            raise
        except TooManyRejectsError:
            try:
                self._save_at_last()
            except StateError as error:
                # What the operator is to hear first is what the stream is like.
                log.error("no last checkpoint", reason=str(error))  # noqa: TRY400 - the reason is enough
            raise

    def _run(
        self,
        *,
        stop: Callable[[], bool],
        consolidate: Callable[[], bool],
        reload: Callable[[], bool],
        reopen: Callable[[], bool],
    ) -> None:
        while not (stop() or self._quit) and not (self.source.exhausted and not self.loop.owes):
            self._control.serve(self.carry_out, forget=self.forget)
            if consolidate():
                self.consolidate()
            if reload():
                self.reload()
            if reopen():
                self.loop.reopen()
                log.info("outputs opened anew on request")
            self.turn()
            self._finish_tombstones()
        self._control.close()
        self._notify.stopping("saving a last checkpoint")
        if self.source.exhausted:
            self.loop.finish()
        self._save_at_last()
        log.info("stopped", **self.loop.pipeline.summary())
        if self.source.exhausted:
            self.loop.sum_up()

    def _save_at_last(self) -> None:
        try:
            self.loop.save(within_seconds=_LAST_SECONDS)
        except SinkUnavailableError as error:
            # Saved without it, the state would claim what the output lacks. The newest checkpoint does not.
            log.warning("no last checkpoint: what came after the newest is learned again", reason=str(error))

    @property
    def rejects(self) -> dict[str, int]:
        """How many records could not be learned from, in this and earlier processes, by ``stage/reason``."""
        return self._history.rejects

    def turn(self) -> int:
        """Make one turn of the loop; return how many events came."""
        if self.tap is not None:
            self.tap.follow(self.loop.pipeline.by_target)
        received = self._turn()
        self._go_back_if_wanted()
        self._take_over_if_offered()
        if self._health.why_not_ready() is None:
            self._become_ready()
        self._cycles.free_if_due()
        # The loop turns: it has made progress, or waits for events or a broker, which no restart would mend.
        self._notify.beat()
        return received

    def carry_out(self, action: Action) -> Answer:
        """Do what was asked for over HTTP, between two turns."""
        self._health.turned(next_within_seconds=_RESTORE_LIMIT_SECONDS)
        if action == "reload":
            reason = self.reload()
            return Answer(done=reason is None, told={} if reason is None else {"reason": reason})
        if action == "quit":
            self._quit = True
            return Answer(done=True, told={})
        if action == "consolidate":
            self.consolidate()
            return Answer(done=True, told=self.loop.pipeline.summary())
        return self._checkpoint()

    def forget(self, keys: Sequence[bytes], by: str) -> Answer:
        """Erase all that is remembered of keys, between two turns, and go on from what is left.

        It is what ``retaind forget`` does with the state that is saved first. Raises ``StateError`` where that
        cannot be finished now: the next process does.
        """
        return self._erase(ErasureRequest(tuple(keys), by), removed={})

    def _finish_tombstones(self) -> None:
        """Let older generations and dead letters follow what tombstones have erased; else with the next turn.

        A process that is killed before the state is saved meets the tombstones again; one that is killed after
        that has left the request.
        """
        erased = self.loop.erased
        if erased.keys:
            request = ErasureRequest(tuple(erased.keys), erased.by, rows_are_gone=True)
            request.begin(Path(self.config.checkpoint.directory))
            if self._erase(request, removed=erased.removed).done:
                self.loop.erased = Erased()

    def _erase(self, request: ErasureRequest, *, removed: Mapping[str, int]) -> Answer:
        self._take_time()
        try:
            self.loop.save()
        except (SinkUnavailableError, StateError) as error:
            log.error("nothing erased: the state cannot be saved before", reason=str(error))  # noqa: TRY400 - enough
            return Answer(done=False, told={"reason": str(error)})
        erasure = erase(self.config, self._store, request, removed_before=removed)
        saved = self._store.require_newest().saved
        self.loop.resume(restored(self.config, saved, stopwatch=self._stopwatch), saved.state)
        told = {"generation": erasure.generation, "removed": dict(erasure.removed)}
        self._metrics.erasures.erased(sum(erasure.removed.values()))
        log.info("erased", by=request.by, keys=len(request.keys), **told)
        self._health.turned()
        return Answer(done=True, told=told)

    def _checkpoint(self) -> Answer:
        try:
            self.loop.save()
        except (SinkUnavailableError, StateError) as error:
            log.error("checkpoint on request failed", reason=str(error))  # noqa: TRY400 - the reason is enough
            return Answer(done=False, told={"reason": str(error)})
        told = {"generation": self._store.generations()[-1], **self.loop.pipeline.summary()}
        log.info("checkpoint on request", **told)
        return Answer(done=True, told=told)

    def consolidate(self) -> None:
        """Consolidate what is learned by now, as a boundary does."""
        self.loop.consolidate()
        log.info("consolidated on request", **self.loop.pipeline.summary())

    def reload(self) -> str | None:
        """Read the configuration again and apply it, between two turns; return why not, None where it was."""
        if self._was_ready:
            self._notify.reloading()
        self._take_time()
        reason = None
        try:
            config = self._read()
            changed = self._reloading.apply(config, in_place_of=self.config)
        except (ConfigError, NeedsRestartError, SinkUnavailableError, StateError) as error:
            reason = str(error)
            log.error("configuration not reloaded", reason=reason)  # noqa: TRY400 - the reason is enough
        else:
            self.config = config
            shown = {change.key: {"from": change.before, "to": change.after} for change in changed}
            log.info("configuration reloaded", changed=shown, **self.loop.pipeline.summary())
        self._metrics.process.reloaded("applied" if reason is None else "refused", at_seconds=time.time())
        self._health.turned()
        if self._was_ready:
            self._notify.ready(f"learning from {self.config.source.type}")
        return reason

    def _watched(self, every: int) -> None:
        """Take note, on the desk's thread, that somebody wants to see one event in so many."""
        if self.tap is not None:
            self.tap.ask(every)

    def _prepare(self, records: Sequence[Record]) -> None:
        self.loop.pipeline.prepare(records)

    def _turn(self) -> int:
        try:
            return self.loop.turn()
        except PartitionsLostError as lost:
            log.warning("going back to the newest checkpoint", reason=str(lost))
            self.loop.start_over(build_any_pipeline(self.config, stopwatch=self._stopwatch))
            if isinstance(lost, CheckpointRefusedError):
                self._store.withdraw_newest()
            self.source.open(self._restore())
            return 0
        except FieldNameError as error:
            raise self.config.error(error.path, str(error)) from error
        except UnpackableError as error:
            raise self.config.error(("serving",), f"the model cannot be copied to be asked: {error}") from error

    def _start(self) -> None:
        use_threads(self.config.learner.threads)
        self._open.enter_context(self._lock)
        self._store.prepare()
        self.http.start()
        self._open.callback(self.http.stop)
        self._open.callback(self._control.close)
        self._open.callback(self.source.close)
        self._open.callback(self.loop.close)
        if (erasure := finish_erasing(self.config, self._store)) is not None:
            log.info("finished an erasure that was begun", by=erasure.by, removed=dict(erasure.removed))
        if (generation := finish_taking_over(self.config, self._store)) is not None:
            log.info("a rebuilt state has taken over", generation=generation)
        positions = self._restore()
        self.loop.pipeline.begin()
        self.source.open(positions)
        if positions is None:
            self.loop.begin()
        if self.config.assumed:
            log.info("assumed for the pretrained model", **self.config.assumed)
        directory = self.config.checkpoint.directory
        log.info("started", name=self.config.name, http=self.http.address, state=str(Path(directory)))

    def _restore(self) -> dict[str, Any] | None:
        """Take up the newest good checkpoint; return the source's positions in it, None where there is none."""
        self._take_time()
        recovered = self._store.load_newest()
        if recovered is None:
            log.info("no checkpoint yet: beginning untrained")
            return None
        for damage in recovered.damaged:
            log.warning("damaged checkpoint skipped", generation=damage.generation, problem=damage.problem)
        saved = recovered.saved
        if FROM_PYTHON in saved.state["source"]:
            raise StateError(
                f"the state in {self.config.checkpoint.directory} was begun from Python, and no place in a stream"
                " belongs to it; load it there, or give checkpoint.directory another place"
            )
        # As the source will say it: where nothing is learned, nothing is saved, and a rollback can be undone.
        ahead = {"group_is_ahead": True} if recovered.rolled_back else {}
        state = saved.state | {"source": saved.state["source"] | ahead}
        pipeline = restored(self.config, saved, stopwatch=self._stopwatch)
        self.loop.resume(pipeline, state, uncommitted=None if recovered.committed else saved.generation)
        self._recall(saved)
        self._metrics.checkpoints.restored(saved.generation, size_bytes=saved.bytes, saved_seconds=saved.created)
        log.info("restored", generation=saved.generation, **saved.summary)
        told = {"group_is_ahead": recovered.rolled_back, "committed": recovered.committed}
        return {**saved.state["source"], **told}

    def _recall(self, saved: SavedState) -> None:
        """Let the page show what earlier processes saw; without that it shows less, and nothing else is lost."""
        history = None
        try:
            history = read_history(self._store, saved.generation)
        except StateError as error:
            log.warning("run history ignored", problem=str(error))
        events = self.loop.pipeline.events
        self._history.resume(history, generation=saved.generation, events=events, at=time.time())

    def _go_back_if_wanted(self) -> None:
        """Take up an earlier state where a retention budget asks for it, and relearn the stream from there.

        A process that is killed before that is written finds the wish in the state that is saved first.
        """
        learners = [each.main for each in self.loop.pipeline.by_target.values() if each.main is not None]
        guards = [main.guard for main in learners if main.guard is not None and main.guard.wants_rollback]
        if not guards or self.loop.saving.rests:
            return
        [guard, *_] = guards
        self._take_time()
        try:
            self.loop.save()
            generation = go_back(self.loop, guard, store=self._store, source=self.source)
        except (SinkUnavailableError, StateError) as error:
            log.warning("not gone back to an earlier state yet", reason=str(error))
        except NoWayBackError as why:
            guard.cannot_go_back(str(why), events=self.loop.pipeline.events)
            self.loop.saving.outdate()
        else:
            self.loop.start_over(build_any_pipeline(self.config, stopwatch=self._stopwatch))
            self.source.open(self._restore())
            log.warning("relearning from an earlier state", generation=generation, **self.loop.pipeline.summary())
        self._health.turned()

    def _take_over_if_offered(self) -> None:
        """Let a state that was rebuilt beside this process take its place, and relearn what has come since."""
        directory = Path(self.config.checkpoint.directory)
        if not RebuiltOffer.path(directory).exists() or self.loop.saving.rests or self.loop.answered.again:
            return
        self._take_time()
        try:
            offer = RebuiltOffer.pending(directory)
            assert offer is not None, "nobody else takes it"
            self.loop.save()
            generation = take_over(self.config, self._store, offer, source=self.source)
        except (SinkUnavailableError, StateError) as error:
            log.warning("a rebuilt state has not taken over yet", reason=str(error))
        except (ConfigError, NoWayBackError) as why:
            refuse(directory, str(why))
        else:
            self.loop.start_over(build_any_pipeline(self.config, stopwatch=self._stopwatch))
            self.source.open(self._restore())
            log.info("a rebuilt state has taken over", generation=generation, **self.loop.pipeline.summary())
        self._health.turned()

    def _take_time(self) -> None:
        """Tell who watches that the next turn may take as long as a restore does."""
        self._health.turned(next_within_seconds=_RESTORE_LIMIT_SECONDS)
        self._notify.extend_timeout(_RESTORE_LIMIT_SECONDS)

    def _become_ready(self) -> None:
        if not self._was_ready:
            self._was_ready = True
            self._notify.ready(f"learning from {self.config.source.type}")
            log.info("ready", events=self.loop.pipeline.events)
