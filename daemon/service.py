"""The daemon from start to stop."""

from __future__ import annotations

import time
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import structlog
import torch
from prometheus_client import CollectorRegistry

from connectors.source import PartitionsLostError
from daemon.build.edges import build_dead_letters, build_predictions, build_source
from daemon.build.pipeline import build_pipeline
from daemon.build.reloading import NeedsRestartError, Reloading
from daemon.config.errors import ConfigError
from daemon.intake.features.field_names import FieldNameError
from daemon.learning.stopwatch import Stopwatch
from daemon.loop.loop import Loop
from daemon.loop.reject_limit import Rejections
from daemon.process.notify import Notify
from daemon.state.checkpoint_writer import CheckpointWriter
from daemon.state.checkpoints import CheckpointStore
from daemon.state.saving import Saving
from daemon.state.state_error import StateError
from daemon.state.state_lock import StateLock
from daemon.telemetry.health import VitalSigns
from daemon.telemetry.history.recorder import Chronicle
from daemon.telemetry.history.saved import read_past
from daemon.telemetry.metrics import Metrics
from daemon.telemetry.telemetry import Telemetry
from daemon.web.app import app
from daemon.web.basic_auth import BasicAuth
from daemon.web.control import Answer, Control
from daemon.web.control_routes import CONTROL_PATHS, control_routes
from daemon.web.control_token import control_token
from daemon.web.server import HttpServer
from daemon.web.web_config import web_config

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from starlette.types import ASGIApp

    from connectors.source import Source
    from daemon.config.schema import Config
    from daemon.state.generation import SavedState
    from daemon.web.control import Action

log = structlog.get_logger("retaind")

_TURN_LIMIT_SECONDS = 60.0
_RESTORE_LIMIT_SECONDS = 600.0


class Service:
    """Owns everything that a configuration needs, from the lock on the state to the HTTP server.

    As a context: on entering it locks the state directory, restores the newest good checkpoint, serves HTTP and
    opens the source; on leaving it releases everything. Raises ``ConfigError``, ``StateError`` and
    ``AddressUnavailableError`` with what to do about it.
    """

    def __init__(
        self, config: Config, *, notify: Notify | None = None, read: Callable[[], Config] | None = None
    ) -> None:
        self.config = config
        self._read = read or (lambda: config)
        self.registry = CollectorRegistry()
        self.http: HttpServer
        self.loop: Loop
        self.source: Source
        self._notify = notify or Notify({})
        self._stopwatch = Stopwatch()
        self._vital_signs = VitalSigns(turn_limit_seconds=_TURN_LIMIT_SECONDS)
        self._chronicle = Chronicle()
        self._control = Control()
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
    ) -> None:
        """Learn until asked to ``stop`` or the source is exhausted; then save. All are asked before each turn."""
        while not (stop() or self._quit) and not self.source.exhausted:
            self._control.serve(self.carry_out)
            if consolidate():
                self.consolidate()
            if reload():
                self.reload()
            self.turn()
        self._control.close()
        self._notify.stopping("saving a last checkpoint")
        if self.source.exhausted:
            self.loop.finish()
        self.loop.save()
        log.info("stopped", **self.loop.pipeline.summary())

    def turn(self) -> int:
        """Make one turn of the loop; return how many events came."""
        received = self._turn()
        if self._vital_signs.why_not_ready() is None:
            self._become_ready()
        # The loop turns: it has made progress, or waits for events or a broker, which no restart would mend.
        self._notify.beat()
        return received

    def carry_out(self, action: Action) -> Answer:
        """Do what was asked for over HTTP, between two turns."""
        self._vital_signs.turned(next_within_seconds=_RESTORE_LIMIT_SECONDS)
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

    def _checkpoint(self) -> Answer:
        try:
            self.loop.save()
        except StateError as error:
            log.error("no checkpoint on request", reason=str(error))  # noqa: TRY400 - the reason is enough
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
        except (ConfigError, NeedsRestartError, StateError) as error:
            reason = str(error)
            log.error("configuration not reloaded", reason=reason)  # noqa: TRY400 - the reason is enough
        else:
            self.config = config
            shown = {change.key: {"from": change.before, "to": change.after} for change in changed}
            log.info("configuration reloaded", changed=shown, **self.loop.pipeline.summary())
        self._metrics.process.reloaded("applied" if reason is None else "refused", at_seconds=time.time())
        self._vital_signs.turned()
        if self._was_ready:
            self._notify.ready(f"learning from {self.config.source.type}")
        return reason

    def _turn(self) -> int:
        try:
            return self.loop.turn()
        except PartitionsLostError as lost:
            log.warning("going back to the newest checkpoint", reason=str(lost))
            self.loop.start_over(build_pipeline(self.config, stopwatch=self._stopwatch))
            self.source.open(self._restore())
            return 0
        except FieldNameError as error:
            raise self.config.error(error.path, str(error)) from error

    def _start(self) -> None:
        config = self.config
        torch.set_num_threads(config.learner.threads)
        directory = Path(config.checkpoint.directory)
        self._open.enter_context(StateLock(directory))
        self._store = CheckpointStore(directory, keep=config.checkpoint.keep)
        self._store.prepare()
        self._metrics = Metrics(
            self.registry,
            version=version("retaind"),
            torch_version=torch.__version__,
            started_seconds=time.time(),
            max_tasks=config.retention.max_tasks,
        )
        self.http = self._http_server()
        self.http.start()
        self._open.callback(self.http.stop)
        self._open.callback(self._control.close)
        self.source = build_source(config)
        self._open.callback(self.source.close)
        self.loop = self._build_loop(self._store)
        positions = self._restore()
        self.loop.pipeline.begin()
        self.source.open(positions)
        if positions is None:
            # So that there is a state to go back to, and a length of the predictions, before the first event.
            self.loop.save()
        if config.assumed:
            log.info("assumed for the pretrained model", **config.assumed)
        log.info("started", name=config.name, http=self.http.address, state=str(directory))

    def _http_server(self) -> HttpServer:
        http = self.config.http
        token = control_token(self.config)
        application: ASGIApp = app(
            self.registry,
            vital_signs=self._vital_signs,
            chronicle=self._chronicle,
            control=() if token is None else control_routes(self._control, token),
        )
        web = web_config(self.config)
        if web.basic_auth_users:
            exempt = frozenset() if token is None else CONTROL_PATHS
            application = BasicAuth(application, web.basic_auth_users, exempt=exempt)
        tls = None if web.tls_server_config is None else web.tls_server_config.context()
        return HttpServer(application, host=http.host, port=http.port, tls=tls)

    def _build_loop(self, store: CheckpointStore) -> Loop:
        config = self.config
        writer = CheckpointWriter(store)
        self._open.callback(writer.close)
        dead_letters, predictions = build_dead_letters(config), build_predictions(config)
        for sink in (dead_letters, predictions):
            if sink is not None:
                self._open.callback(sink.close)
        saving = Saving(
            writer,
            store,
            every_seconds=config.checkpoint.every_seconds,
            every_events=config.checkpoint.every_events,
            tolerate_failures=config.checkpoint.tolerate_failures,
            commit=self.source.commit,
        )
        rejections = Rejections(tolerate=config.rejections.tolerate, max_share=config.rejections.max_share)
        loop = Loop(
            source=self.source,
            pipeline=build_pipeline(config, stopwatch=self._stopwatch),
            saving=saving,
            rejections=rejections,
            telemetry=Telemetry(
                self._metrics,
                self._vital_signs,
                name=config.name,
                stopwatch=self._stopwatch,
                chronicle=self._chronicle,
            ),
            stopwatch=self._stopwatch,
            dead_letters=dead_letters,
            predictions=predictions,
            linger_seconds=config.learner.linger_seconds,
        )
        self._reloading = Reloading(
            loop, store=store, saving=saving, rejections=rejections, stopwatch=self._stopwatch
        )
        return loop

    def _restore(self) -> dict[str, Any] | None:
        """Take up the newest good checkpoint; return the source's positions in it, None where there is none."""
        self._take_time()
        recovered = self._store.load_newest()
        if recovered is None:
            log.info("no checkpoint yet: beginning untrained")
            return None
        for damage in recovered.damaged:
            log.warning("checkpoint passed over", generation=damage.generation, problem=damage.problem)
        saved = recovered.saved
        try:
            self.loop.restore(saved.state)
        except (KeyError, ValueError) as error:
            raise self.config.error(
                (),
                f"the checkpoint {saved.generation} does not fit this configuration: {error}; go back to the"
                " configuration that wrote it, or give checkpoint.directory a new place to begin untrained",
            ) from error
        self._recall(saved)
        self._metrics.checkpoints.restored(saved.generation, size_bytes=saved.bytes, saved_seconds=saved.created)
        log.info("restored", generation=saved.generation, **saved.summary)
        return {**saved.state["source"], "group_is_ahead": recovered.rolled_back}

    def _recall(self, saved: SavedState) -> None:
        """Let the page show what earlier processes saw; without that it shows less, and nothing else is lost."""
        past = None
        try:
            past = read_past(self._store, saved.generation)
        except StateError as error:
            log.warning("what the page showed of the past is passed over", problem=str(error))
        events = self.loop.pipeline.events
        self._chronicle.resume(past, generation=saved.generation, events=events, at=time.time())

    def _take_time(self) -> None:
        """Tell who watches that the next turn may take as long as a restore does."""
        self._vital_signs.turned(next_within_seconds=_RESTORE_LIMIT_SECONDS)
        self._notify.extend_timeout(_RESTORE_LIMIT_SECONDS)

    def _become_ready(self) -> None:
        if not self._was_ready:
            self._was_ready = True
            self._notify.ready(f"learning from {self.config.source.type}")
            log.info("ready", events=self.loop.pipeline.events)

    _was_ready = False
