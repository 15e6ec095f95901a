"""One scrape shows one moment, and all of it."""

from __future__ import annotations

import threading

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from daemon.telemetry.metrics import Metrics
from daemon.telemetry.metrics.board import Board
from daemon.telemetry.metrics.family import Family
from tests.daemon.telemetry.metrics.told import new_metrics, told_everything

LEFT = Family("retaind_left_total", "counter", "One of two.")
RIGHT = Family("retaind_right_total", "counter", "The other.")


def test_scrapes_while_the_loop_tells_see_only_whole_turns() -> None:
    registry, metrics = new_metrics()
    seen: set[float] = set()
    stop = threading.Event()

    def scrape() -> None:
        while not stop.is_set():
            seen.add(disagreement(registry))

    scraper = threading.Thread(target=scrape)
    scraper.start()
    for _ in range(3_000):
        metrics.loop.turn(received=7, predicted=7, learned=7)
    stop.set()
    scraper.join()
    assert seen == {0.0}
    assert registry.get_sample_value("retaind_events_learned_total") == 21_000


def disagreement(registry: CollectorRegistry) -> float:
    totals = {sample.name: sample.value for metric in registry.collect() for sample in metric.samples}
    return totals["retaind_events_received_total"] - totals["retaind_events_learned_total"]


def test_no_count_is_lost_between_threads_that_tell() -> None:
    registry, metrics = new_metrics()

    def fail_often() -> None:
        for _ in range(500):
            metrics.checkpoints.failed()

    threads = [threading.Thread(target=fail_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert registry.get_sample_value("retaind_checkpoint_failures_total") == 2_000


def test_what_is_told_in_a_block_that_fails_is_not_published() -> None:
    board = Board([LEFT, RIGHT])
    with pytest.raises(AssertionError):
        tell_left_and_then_fail(board)
    assert list(board.collect()) == []
    with board.tell() as now:
        now.add(LEFT, 1)
    assert [metric.name for metric in board.collect()] == ["retaind_left"]


def tell_left_and_then_fail(board: Board) -> None:
    with board.tell() as now:
        now.add(LEFT, 1)
        now.add(RIGHT, -1)


def test_a_scrape_that_began_earlier_is_not_changed_by_what_is_told_later() -> None:
    board = Board([LEFT, RIGHT])
    with board.tell() as now:
        now.add(LEFT, 1)
        now.add(RIGHT, 1)
    scrape = board.collect()
    next(scrape)
    with board.tell() as now:
        now.add(RIGHT, 1)
    assert next(scrape).samples[0].value == 1


def test_two_daemons_in_one_process_do_not_share_figures() -> None:
    one, other = new_metrics()[0], told_everything()
    assert one.get_sample_value("retaind_events_received_total") == 0
    assert other.get_sample_value("retaind_events_received_total") == 100


def test_a_registry_takes_only_one_daemon() -> None:
    registry, _ = new_metrics()
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        Metrics(registry, version="0", torch_version="0", started_seconds=0)


def test_a_scrape_can_be_restricted_to_some_names() -> None:
    restricted = told_everything().restricted_registry(["retaind_ready"])
    text = generate_latest(restricted).decode()
    assert [line for line in text.splitlines() if not line.startswith("#")] == ["retaind_ready 1.0"]
