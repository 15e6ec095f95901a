"""What is not wrong in a configuration, but probably not meant."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from daemon.config.advice.adapters import ARCHITECTURE
from daemon.config.advice.anchoring import ADVISERS as ANCHORING
from daemon.config.advice.closed_form import ADVISERS as CLOSED_FORMS
from daemon.config.advice.rates import ADVISERS as RESTRAINT
from daemon.config.challenger_view import challenger_view
from daemon.config.errors import KeyPath, Problem, TextPosition, dotted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from daemon.config.schema import Config

_ADAM_LR = 0.01
_SGD_LR = 0.5
_STEPS = {"uint8": 256, "uint4": 16}
"""Of what is stored as so many steps of one range."""


@dataclass(frozen=True, slots=True)
class Advice:
    """One remark: where, why in a sentence, and what to do."""

    file: str
    position: TextPosition | None
    path: KeyPath
    why: str
    remedy: str
    source_line: str = ""

    def __str__(self) -> str:
        message = f"advice: {self.why}; {self.remedy}"
        return str(Problem(self.file, self.position, self.path, message, source_line=self.source_line))


Remark = tuple[KeyPath, str, str]


def advise(config: Config) -> list[Advice]:
    """Return all advice on a configuration, in the order of the file."""
    found = [_placed(config, *remark) for adviser in ADVISERS for remark in adviser(config)]
    challenger = config.companions.challenger
    if challenger is not None:
        found += _on_challenger(challenger_view(config, challenger))
    return sorted(found, key=lambda advice: (advice.position or TextPosition(0, 0), dotted(advice.path)))


def _placed(config: Config, path: KeyPath, why: str, remedy: str) -> Advice:
    path = config.place(path)
    if config.document is None:
        return Advice("(configuration)", None, path, why, remedy)
    problem = config.document.problem(path, why)
    return Advice(problem.file, problem.position, path, why, remedy, problem.source_line)


def _on_challenger(view: Config) -> list[Advice]:
    """Return what is remarkable in the challenger's own section, and not in the main learner's."""
    remarks = [remark for adviser in ADVISERS for remark in adviser(view)]
    return [_placed(view, *remark) for remark in remarks if view.place(remark[0]) != remark[0]]


def _learning_rate(config: Config) -> Iterator[Remark]:
    optimizer: Any = config.optimizer
    if optimizer.type not in ("adam", "sgd"):
        return
    lr = min(optimizer.lr, optimizer.schedule.cap or optimizer.lr)
    if optimizer.type == "adam" and lr > _ADAM_LR:
        yield (
            ("optimizer", "lr"),
            f"{lr:g} is aggressive for adam, whose steps have about that size whatever the gradient is",
            f"start with 0.001 and stay below {_ADAM_LR}",
        )
    if optimizer.type == "sgd" and (reach := lr / (1 - optimizer.momentum)) > _SGD_LR:
        yield (
            ("optimizer", "lr"),
            f"lr / (1 - momentum) is {reach:g}, which is aggressive for sgd and may diverge",
            f"keep it below {_SGD_LR}",
        )


def _small_buffer(config: Config) -> Iterator[Remark]:
    tasks = 1 if config.tasks.type == "none" else config.retention.max_tasks
    needed = config.learner.batch * tasks
    for index, strategy in _of_type(config, "replay"):
        if strategy.rows is not None and strategy.rows < needed:
            yield (
                ("strategies", index, "rows"),
                f"{strategy.rows} rows are less than one batch of {config.learner.batch} for each of {tasks} tasks",
                f"give it {needed} rows, or set retention.max_tasks to the number of tasks that will come",
            )


def _coarse_buffer(config: Config) -> Iterator[Remark]:
    places: list[tuple[KeyPath, Any]] = [
        (("strategies", index), each) for index, each in enumerate(config.strategies)
    ]
    if config.reference is not None:
        places.append((("reference",), config.reference))
    for path, options in places:
        storage = getattr(options, "storage", "")
        if storage in _STEPS and "range" not in options.model_fields_set and config.decoder.type != "raw":
            low, high = options.range
            steps = f"{_STEPS[storage]} steps from {low:g} to {high:g}"
            yield (
                (*path, "storage"),
                f"{storage} keeps {steps} and cuts off what lies outside; it is for images",
                "use float16, which knows where each column lies, or give the range of the features",
            )


def _no_probes(config: Config) -> Iterator[Remark]:
    if config.retention.probe_share == 0 and config.tasks.type != "none":
        yield (
            ("retention", "probe_share"),
            "nothing is held out, so it cannot be measured what the model still knows of a task",
            "set it to 0.02",
        )


def _open_to_all(config: Config) -> Iterator[Remark]:
    if not _is_loopback(config.http.host) and config.http.web_config is None:
        yield (
            ("http", "host"),
            f"{config.http.host} is reachable from other machines, and the server asks nobody who they are",
            "use 127.0.0.1, name a file with TLS and users in http.web_config, or let a network policy guard it",
        )


def _lost_rejects(config: Config) -> Iterator[Remark]:
    if config.source.type == "kafka" and config.dead_letters is None:
        yield (
            ("source",),
            "records that cannot be decoded are counted, then dropped",
            "add a dead_letters section to keep them",
        )


def _fragile_checkpoint(config: Config) -> Iterator[Remark]:
    if config.checkpoint.keep == 1:
        yield ("checkpoint", "keep"), "there is no older generation to fall back to", "keep 2 or more"
    if config.checkpoint.directory.startswith(("/tmp/", "/var/tmp/", "/dev/shm/")):  # noqa: S108 - compared, not used
        yield ("checkpoint", "directory"), "the system may empty this directory", "use one below /var/lib"


def _timed_batches(config: Config) -> Iterator[Remark]:
    if config.learner.linger_seconds is not None:
        yield (
            ("learner", "linger_seconds"),
            "batches are then cut by the clock, and a run cannot be repeated bit for bit after a crash",
            "leave it out unless events are rare",
        )


def _unused_max_classes(config: Config) -> Iterator[Remark]:
    for view in config.views.values():
        label = view.label
        if label.type == "class" and label.classes is not None and "max_classes" in label.model_fields_set:
            path = view.place(("label", "max_classes"))
            yield path, "it has no effect with classes, a closed set", "remove one of the two"


def _weights_unheard(config: Config) -> Iterator[Remark]:
    for view in config.views.values():
        if view.label.type == "class" and view.label.weights == "balanced" and config.committee is not None:
            yield (
                view.place(("label", "weights")),
                "the committee answers, and believes whoever is right most often: the weights are heard little",
                "set committee to null, so that the model answers alone",
            )


ADVISERS: tuple[Callable[[Config], Iterator[Remark]], ...] = (
    _learning_rate,
    *ANCHORING,
    _small_buffer,
    _coarse_buffer,
    _no_probes,
    _open_to_all,
    _lost_rejects,
    _fragile_checkpoint,
    _timed_batches,
    _unused_max_classes,
    _weights_unheard,
    *RESTRAINT,
    *ARCHITECTURE,
    *CLOSED_FORMS,
)


def _of_type(config: Config, name: str) -> Iterator[tuple[int, Any]]:
    return ((index, strategy) for index, strategy in enumerate(config.strategies) if strategy.type == name)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
