"""How fast a daemon answers whoever asks while it learns at full speed, and what that costs its learning.

``python -m benchmarks.serving`` lets a daemon learn from a file as fast as it can, with the default committee, and
asks it 100 times a second for one prediction by the Open Inference Protocol, in every other stretch of some
seconds. It prints the latencies, from the moment a request was due to its answer, and the rate of learning in
stretches with requests as a share of that in those without.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import orjson
import typer

from benchmarks.daemon_process import running, scrape
from benchmarks.throughput import FEATURES, events

if TYPE_CHECKING:
    from collections.abc import Callable

CONFIG = """
name: serving
source: {{type: file, path: {directory}/events.jsonl}}
decoder: {{type: json, label: fault, task: regime}}
tasks: {{type: field}}
label: {{type: class, max_classes: 6}}
learner: {{batch: {batch}}}
checkpoint: {{directory: {directory}/state, every_seconds: 5}}
http: {{port: 0}}
serving: {{}}
log: {{format: json}}
"""
_EVENTS = 400_000
_WARM_EVENTS = 9_000
"""While the stream is young, everything makes more steps."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Latencies in milliseconds, and what asking costs."""

    requests: int
    p50_ms: float
    p99_ms: float
    worst_ms: float
    learned_per_second: float
    learned_per_second_asked: float
    share: float
    """Of the rate of learning, while it is asked: the median over pairs of neighbouring stretches."""


def serving(*, batch: int, per_second: float, stretch_seconds: float, pairs: int) -> Outcome:
    """Measure; ``pairs`` is how many stretches there are of either kind."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        with (directory / "events.jsonl").open("wb") as file:
            file.writelines(event + b"\n" for event in islice(events(_EVENTS), _EVENTS))
        config = directory / "serving.yaml"
        config.write_text(CONFIG.format(directory=directory, batch=batch))
        with running([sys.executable, "-m", "daemon.cli", "run", "-c", str(config)]) as (_, address):
            while _learned(address) < _WARM_EVENTS or not _answers(address):
                time.sleep(0.5)
            return _measured(address, per_second=per_second, stretch_seconds=stretch_seconds, pairs=pairs)


def _measured(address: str, *, per_second: float, stretch_seconds: float, pairs: int) -> Outcome:
    latencies: list[float] = []
    quiet, asked = [], []
    for _ in range(pairs):
        quiet.append(_rate(address, lambda: time.sleep(stretch_seconds)))
        asked.append(
            _rate(address, lambda: latencies.extend(_ask(address, per_second=per_second, seconds=stretch_seconds)))
        )
    p50, p99 = (float(1e3 * np.quantile(latencies, share)) for share in (0.5, 0.99))
    return Outcome(
        requests=len(latencies),
        p50_ms=p50,
        p99_ms=p99,
        worst_ms=1e3 * max(latencies),
        learned_per_second=statistics.median(quiet),
        learned_per_second_asked=statistics.median(asked),
        share=statistics.median(one / other for one, other in zip(asked, quiet, strict=True)),
    )


def _rate(address: str, wait: Callable[[], None]) -> float:
    """Return the events learned per second while ``wait`` waits."""
    learned, begun = _learned(address), time.perf_counter()
    wait()
    return (_learned(address) - learned) / (time.perf_counter() - begun)


def _answers(address: str) -> bool:
    """Return whether the model can be asked: torch takes seconds to be there."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    try:
        connection.request("GET", "/v2/models/serving/ready")
        return connection.getresponse().status == 200  # noqa: PLR2004 - HTTP's OK
    finally:
        connection.close()


def _learned(address: str) -> float:
    return scrape(address)["retaind_events_predicted_total"][()]


def _ask(address: str, *, per_second: float, seconds: float) -> list[float]:
    """Ask for so long; return the seconds from when each request was due to its answer."""
    connection = http.client.HTTPConnection(address.removeprefix("http://"), timeout=10)
    chance, latencies = np.random.default_rng(0), []
    begun = time.perf_counter()
    for number in range(int(per_second * seconds)):
        due = begun + number / per_second
        time.sleep(max(0.0, due - time.perf_counter()))
        x = chance.normal(size=FEATURES).tolist()
        body = {"inputs": [{"name": "features", "datatype": "FP64", "shape": [1, FEATURES], "data": x}]}
        connection.request("POST", "/v2/models/serving/infer", orjson.dumps(body))
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:  # noqa: PLR2004 - HTTP's OK
            raise RuntimeError(content.decode())
        latencies.append(time.perf_counter() - due)
    connection.close()
    return latencies


def main() -> None:
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=32, help="learner.batch")
    parser.add_argument("--per-second", type=float, default=100.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=5.0, help="length of a stretch")
    parser.add_argument("--pairs", type=int, default=6, help="stretches of either kind")
    options = parser.parse_args()
    outcome = serving(
        batch=options.batch,
        per_second=options.per_second,
        stretch_seconds=options.seconds,
        pairs=options.pairs,
    )
    typer.echo(json.dumps(asdict(outcome), indent=2))


if __name__ == "__main__":
    main()
