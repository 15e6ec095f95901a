"""Digits, then clothing, through a real broker: what the daemon keeps, and what a naive one loses.

``python -m benchmarks.mnist_fashion --data DIR`` produces 120,000 messages and learns them twice with
``retaind run``: without strategies, and with the example as it is. It prints the retention matrix and its figures
as ``/metrics`` shows them at the end.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import NewTopic
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.daemon_process import Figures, running, scrape
from benchmarks.datasets import mnist_fashion
from tests.kafka.broker import Broker
from tests.kafka.bulk import load

EXAMPLE = Path(__file__).parents[1] / "examples" / "mnist-fashion.yaml"
MESSAGES = 120_000


def fill(bootstrap: str, topic: str, data: Path) -> None:
    """Produce both data sets into a new topic."""
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    admin.close()
    messages = list(mnist_fashion(data))
    load(bootstrap, topic, [m.value for m in messages], headers=[m.headers for m in messages])


def naive(text: str) -> str:
    """Return the example's configuration without its strategies."""
    start, end = text.index("strategies:"), text.index("retention:")
    return f"{text[:start]}strategies: []\n{text[end:]}"


def learn(text: str, *, title: str, environ: dict[str, str]) -> Figures:
    """Run the daemon until all messages are learned and evaluated; return what ``/metrics`` shows then."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        config = Path(folder) / "retaind.yaml"
        config.write_text(text + "http: {port: 0}\nlog: {format: json}\n", encoding="utf-8")
        command = [sys.executable, "-m", "daemon.cli", "run", "-c", str(config)]
        process, address = stack.enter_context(running(command, env=os.environ | environ | {"STATE": folder}))
        progress = stack.enter_context(Progress())
        bar = progress.add_task(title, total=MESSAGES)
        while True:
            if process.poll() is not None:
                raise RuntimeError("the daemon stopped early")
            figures = scrape(address)
            seen = figures.get("retaind_events_predicted_total", {}).get((), 0.0)
            progress.update(bar, completed=seen)
            # The last evaluation is at the last message: 120,000 is a multiple of retention.every_events.
            if seen >= MESSAGES and figures["retaind_prequential_samples"][()] >= MESSAGES:
                return figures
            time.sleep(0.5)


def report(console: Console, title: str, figures: Figures) -> None:
    """Print R, with the evaluation at the end as its last row, and the figures computed from it."""
    console.print(f"{title}: accuracy on held-out messages")
    table = Table()
    for column in ("after", "mnist", "fashion"):
        table.add_column(column, justify="right")
    matrix = figures.get("retaind_retention_matrix", {})
    for boundary in sorted({key[0] for key in matrix}, key=int):
        row = [matrix.get((boundary, task)) for task in ("mnist", "fashion")]
        table.add_row(f"boundary {boundary}", *("" if v is None else f"{v:.4f}" for v in row))
    now = figures["retaind_retention_score"]
    table.add_row("the end", *(f"{now[task,]:.4f}" for task in ("mnist", "fashion")))
    console.print(table)
    for name in ("average_score", "backward_transfer", "average_forgetting"):
        console.print(f"  retaind_{name} {figures[f'retaind_{name}'][()]:.4f}")
    samples = {task[0]: int(count) for task, count in figures["retaind_retention_samples"].items()}
    remembered = int(sum(figures.get("retaind_buffer_rows", {}).values()))
    console.print(f"  held out: {samples}; rows remembered: {remembered}\n")


def main() -> None:
    """Learn twice and print both matrices."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("data"), help="folder with mnist/ and fashion_mnist/")
    arguments = parser.parse_args()
    console = Console()
    with ExitStack() as stack:
        bootstrap = os.environ.get("KAFKA_BOOTSTRAP") or stack.enter_context(Broker()).bootstrap
        topic = f"mnist-fashion-{os.getpid()}"
        console.print(f"producing {MESSAGES:,} messages into {topic} …")
        fill(bootstrap, topic, arguments.data)
        environ = {"KAFKA_BOOTSTRAP": bootstrap, "TOPIC": topic}
        text = EXAMPLE.read_text(encoding="utf-8")
        for title, config in (("naive", naive(text)), ("replay + EWC", text)):
            report(console, title, learn(config, title=title, environ=environ))


if __name__ == "__main__":
    main()
