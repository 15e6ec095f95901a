from __future__ import annotations

import json
import tempfile
import threading
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.memory_source import CRASH, END, MemorySource, SimulatedCrash
from connectors.record import LocalRecord
from connectors.sink import SinkUnavailableError
from daemon.loop.reject_limit import TooManyRejectsError
from daemon.state.checkpoints import CheckpointStore
from daemon.state.state_error import StateError
from tests.daemon.event_stream import Stretch, events
from tests.daemon.lives import Clock, Life, lived_through, small_config
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    from connectors.decoder import Reject
    from connectors.memory_source import Sentinel
    from daemon.config.schema import Config
    from daemon.state.state_tree import FlatState


@contextmanager
def living(life: Life) -> Iterator[Life]:
    try:
        life.start()
        yield life
    finally:
        life.end()


def plain_events(rows: int, *, bad_share: float = 0.0) -> list[LocalRecord]:
    return events([Stretch("P", rows)], seed=3, bad_share=bad_share)


def bad(offset: int) -> LocalRecord:
    return LocalRecord("stream", 0, offset, -1, None, b"not JSON", [])


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


# The promise.


@st.composite
def streams_with_crashes(draw: st.DrawFn) -> list[LocalRecord | Sentinel]:
    stretch = st.builds(Stretch, task=st.sampled_from("PQR"), rows=st.integers(1, 40))
    stretches = draw(st.lists(stretch, min_size=1, max_size=4))
    items: list[LocalRecord | Sentinel] = [*events(stretches, seed=draw(st.integers(0, 99)), bad_share=0.1)]
    crashes = draw(st.lists(st.integers(0, len(items)), max_size=5))
    for place in sorted(crashes, reverse=True):
        items.insert(place, CRASH)
    return [*items, END]


def live_through(items: Sequence[LocalRecord | Sentinel], directory: Path, *, sizes: Sequence[int]) -> Life:
    """Live until the end of the items, again and again from the newest checkpoint; return the last life."""
    source = MemorySource(items, poll_sizes=sizes)
    config = small_config(directory, checkpoint={"directory": str(directory), "every_events": sizes[0]})
    return lived_through(config, source, directory=directory)


@settings(max_examples=15, derandomize=True)
@given(items=streams_with_crashes(), sizes=st.lists(st.integers(1, 40), min_size=1, max_size=4))
def test_a_run_that_dies_at_any_event_ends_with_the_same_bits_as_one_that_never_did(
    items: list[LocalRecord | Sentinel], sizes: list[int]
) -> None:
    untroubled: list[LocalRecord | Sentinel] = [item for item in items if item is not CRASH]
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        whole = live_through(untroubled, Path(one), sizes=[7, 20])
        broken = live_through(items, Path(other), sizes=sizes)
        assert_same_state(whole.saved()["pipeline"], broken.saved()["pipeline"])
        predictions = [Path(place, "predictions.jsonl") for place in (one, other)]
        assert lines(predictions[0]) == lines(predictions[1])
        letters = [{letter["offset"] for letter in lines(Path(place, "dead.jsonl"))} for place in (one, other)]
        assert letters[0] == letters[1]
        events_in = sum(isinstance(item, LocalRecord) for item in items)
        assert whole.loop.pipeline.events == events_in - len(letters[0])


def test_a_death_before_the_first_checkpoint_is_due_leaves_no_prediction_twice(tmp_path: Path) -> None:
    config = small_config(tmp_path, checkpoint={"directory": str(tmp_path), "every_seconds": 1e9})
    source = MemorySource([*plain_events(30), CRASH, END])
    with pytest.raises(SimulatedCrash), living(Life(config, source, directory=tmp_path)) as life:
        life.run()
    with living(Life(config, source, directory=tmp_path)) as life:
        life.run()
    assert Counter(line["offset"] for line in lines(tmp_path / "predictions.jsonl")).most_common(1)[0][1] == 1


def test_what_is_learned_at_the_end_of_the_stream_is_saved_though_no_event_has_come_since(tmp_path: Path) -> None:
    config = small_config(tmp_path, checkpoint={"directory": str(tmp_path), "every_events": 1})
    with living(Life(config, MemorySource([*plain_events(13), END], poll_sizes=[1]), directory=tmp_path)) as life:
        while not life.source.exhausted:
            life.loop.turn()
        life.loop.save()
        assert life.saved()["pipeline"]["main_learner"]["block"] != {}
        life.loop.finish()
        life.loop.save()
        assert life.saved()["pipeline"]["main_learner"]["block"] == {}


# When positions pass.


class GatedStore(CheckpointStore):
    """A real store that does not begin to write before the gate is open."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, keep=3)
        self.gate = threading.Event()
        self.gate.set()

    def write(
        self, state: Mapping[str, Any] | FlatState, summary: Mapping[str, Any], *, history: str | None = None
    ) -> int:
        assert self.gate.wait(10)
        return super().write(state, summary, history=history)


def test_positions_are_committed_only_when_the_checkpoint_that_holds_them_is_durable(tmp_path: Path) -> None:
    store, source = GatedStore(tmp_path), MemorySource(plain_events(90), poll_sizes=[30])
    with living(Life(small_config(tmp_path), source, directory=tmp_path, store=store)) as life:
        assert source.committed == [{"at": 0}]
        store.gate.clear()
        life.loop.turn()
        life.loop.turn()
        assert (source.snapshot(), source.committed) == ({"at": 60}, [{"at": 0}])
        store.gate.set()
        life.writer.close()
        life.loop.turn()
        assert source.committed == [{"at": 0}, {"at": 30}]
        assert life.saved()["source"] in ({"at": 30}, {"at": 90})


class Letterbox:
    """Dead letters that look, when one is kept, at what is durable already; they may take nothing for a while."""

    def __init__(self, source: MemorySource, store: CheckpointStore) -> None:
        self._source, self._store = source, store
        self._unkept = 0
        self.trouble = ""
        self.durable: list[int] = []

    @property
    def full(self) -> bool:
        return bool(self.trouble)

    def write(self, rejects: Sequence[Reject]) -> None:
        self._unkept += len(rejects)

    def settle(self, timeout_seconds: float) -> bool:
        if self._unkept and not self.trouble:
            newest = self._store.load_newest()
            assert newest is not None
            self.durable += [newest.saved.state["source"]["at"]] * self._unkept
            self._unkept = 0
        return not self._unkept

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        assert state == {}

    def close(self) -> None:
        pass


def test_a_dead_letter_is_kept_before_its_position_is_in_any_checkpoint(tmp_path: Path) -> None:
    source = MemorySource([*plain_events(30), bad(1_000), *plain_events(30), bad(2_000), END], poll_sizes=[1])
    store = CheckpointStore(tmp_path, keep=3)
    letterbox = Letterbox(source, store)
    config = small_config(tmp_path, checkpoint={"directory": str(tmp_path), "every_events": 1})
    with living(Life(config, source, directory=tmp_path, store=store, dead_letters=letterbox)) as life:
        life.run()
    first, second = letterbox.durable
    assert first <= 30
    assert second <= 61


def test_while_a_reject_cannot_be_kept_nothing_is_polled_or_saved_and_it_is_told(tmp_path: Path) -> None:
    events = [*plain_events(30), bad(1_000), *plain_events(30)]
    calm = MemorySource([*events, END], poll_sizes=[10])
    (tmp_path / "calm").mkdir()
    with living(Life(small_config(tmp_path / "calm"), calm, directory=tmp_path / "calm")) as life:
        life.run()
        expected = life.saved()["pipeline"]
    source = MemorySource([*events, END], poll_sizes=[10])
    store = CheckpointStore(tmp_path, keep=3)
    letterbox = Letterbox(source, store)
    with living(
        Life(small_config(tmp_path), source, directory=tmp_path, store=store, dead_letters=letterbox)
    ) as life:
        letterbox.trouble = "the letterbox is full"
        for _ in range(10):
            life.loop.turn()
        assert (life.loop.owes, source.snapshot()) == (True, {"at": 40})
        assert life.metric("sink_waiting", sink="dead_letters") == 1
        assert life.metric("sink_waiting", sink="predictions") == 0
        assert (life.metric("ready"), life.health.why_not_ready()) == (0, "the letterbox is full")
        with pytest.raises(SinkUnavailableError, match="the letterbox is full"):
            life.loop.save(within_seconds=0)
        life.writer.close()
        assert life.saved()["source"]["at"] <= 30
        letterbox.trouble = ""
        life.run()
        assert life.metric("sink_waiting", sink="dead_letters") == 0
        assert life.health.why_not_ready() is None
        assert len(letterbox.durable) == 1
        assert_same_state(life.saved()["pipeline"], expected)


def test_positions_pass_though_every_record_is_rejected(tmp_path: Path) -> None:
    clock = Clock()
    config = small_config(tmp_path, checkpoint={"directory": str(tmp_path), "every_seconds": 30})
    source = MemorySource([bad(offset) for offset in range(20)])
    with living(Life(config, source, directory=tmp_path, clock=clock)) as life:
        life.loop.turn()
        clock.now += 31
        life.loop.turn()
        life.writer.close()
        assert life.saved()["source"] == {"at": 20}


# What goes wrong.


def test_the_breaker_stops_the_daemon_once_most_of_the_stream_is_bad_and_keeps_every_letter(tmp_path: Path) -> None:
    mixed = [record for offset in range(600) for record in (bad(10_000 + offset), *plain_events(1))]
    source = MemorySource([*mixed, *map(bad, range(600)), END], poll_sizes=[100])
    config = small_config(tmp_path, rejections={"max_share": 0.6})
    with living(Life(config, source, directory=tmp_path)) as life:
        with pytest.raises(TooManyRejectsError, match=r"of the last 1\d\d\d events were rejected.*undecodable"):
            life.run()
        rejected = life.metric("events_rejected_total", stage="decode", reason="undecodable")
        assert rejected == life.metric("dead_letters_total") == len(lines(tmp_path / "dead.jsonl"))
        assert rejected == 600 + source.snapshot()["at"] - 1200


def test_one_reject_is_enough_where_none_is_tolerated(tmp_path: Path) -> None:
    source = MemorySource([*plain_events(3), bad(77), END])
    with (
        living(Life(small_config(tmp_path, rejections={"tolerate": False}), source, directory=tmp_path)) as life,
        pytest.raises(TooManyRejectsError, match=r"offset 77: undecodable.*rejections\.tolerate is false"),
    ):
        life.run()


def test_a_step_that_is_not_finite_is_rejected_whole_and_learning_goes_on(tmp_path: Path) -> None:
    huge = orjson.dumps({"a": 3e38, "b": -3e38, "c": 3e38, "y": "class 0", "task": "P"})
    poisoned = [LocalRecord("stream", 0, 500 + place, -1, None, huge, []) for place in range(8)]
    # Rehearsal would bring a poisoned row back; without it the next step is sound again.
    config = small_config(
        tmp_path, learner={"batch": 8, "standardise": False}, strategies=[], retention={"probe_share": 0.0}
    )
    source = MemorySource([*plain_events(16), *poisoned, *plain_events(8)], poll_sizes=[8])
    with living(Life(config, source, directory=tmp_path)) as life:
        life.loop.turn()
        life.loop.turn()
        main = life.loop.pipeline.main
        assert main is not None
        before = main.scored.learner.parameters.clone()
        life.loop.turn()
        assert torch.equal(main.scored.learner.parameters, before)
        assert life.metric("learner_steps_rejected_total") == 1
        life.loop.turn()
        assert not torch.equal(main.scored.learner.parameters, before)
        assert bool(main.scored.learner.parameters.isfinite().all())
        assert life.metric("learner_steps_total") == 3
        assert life.metric("events_learned_total") == 24
        assert life.metric("events_predicted_total") == 32


def lately(directory: Path, stream: Sequence[LocalRecord], *, clip_values: float | None) -> tuple[float, int]:
    """The share of right predictions among the last thousand, and the values that were clipped."""
    learner = {"batch": 8, "clip_values": clip_values}
    sections = {"learner": learner, "optimizer": {"type": "adam", "lr": 0.01}, "companions": {"naive": None}}
    config = small_config(directory, **sections)
    with living(Life(config, MemorySource([*stream, END]), directory=directory)) as life:
        life.run()
        right = [line["prediction"] == line["label"] for line in lines(directory / "predictions.jsonl")[-1_000:]]
        return sum(right) / len(right), int(life.metric("values_clipped_total") or 0)


def test_one_broken_reading_does_not_spoil_its_feature_for_good(tmp_path: Path) -> None:
    stream = plain_events(6_500)
    broken = orjson.dumps(orjson.loads(stream[5_000].value or b"") | {"a": 1e30})
    struck = [*stream[:5_000], stream[5_000]._replace(value=broken), *stream[5_001:]]
    untroubled, _ = lately(tmp_path / "untroubled", stream, clip_values=20.0)
    limited, clipped = lately(tmp_path / "limited", struck, clip_values=20.0)
    spoilt, _ = lately(tmp_path / "spoilt", struck, clip_values=None)
    assert clipped == 1
    assert limited > untroubled - 0.03
    assert spoilt < untroubled - 0.06


class FullStore(CheckpointStore):
    """A store on a disk that is full when some attempts to write are made, counted from 1."""

    def __init__(self, directory: Path, *, full_at: Container[int]) -> None:
        super().__init__(directory, keep=3)
        self._attempts = 0
        self._full_at = full_at

    def write(
        self, state: Mapping[str, Any] | FlatState, summary: Mapping[str, Any], *, history: str | None = None
    ) -> int:
        self._attempts += 1
        if self._attempts in self._full_at:
            raise StateError("no space left on device")
        return super().write(state, summary, history=history)


def saving_every_ten(directory: Path, *, tolerate_failures: int) -> Config:
    checkpoint = {"directory": str(directory), "every_events": 10, "tolerate_failures": tolerate_failures}
    return small_config(directory, checkpoint=checkpoint)


def tens(rows: int, *, bad_share: float = 0.0) -> MemorySource:
    """A source of ten events at every other poll."""
    return MemorySource([*plain_events(rows, bad_share=bad_share), END], poll_sizes=[10, 0])


def take_tens(life: Life, *, times: int) -> list[tuple[int, float | None]]:
    """Take ten events and save, again and again; return the positions committed, and the failures told."""
    told = []
    for _ in range(times):
        life.loop.turn()
        life.writer.close()
        life.loop.turn()
        told.append((max(each["at"] for each in life.source.committed), life.metric("checkpoint_failures_total")))
        life.clock.now += 61
    return told


def test_a_full_disk_is_tolerated_for_a_while_and_the_next_checkpoint_has_everything(
    tmp_path: Path,
) -> None:
    config = saving_every_ten(tmp_path, tolerate_failures=2)
    # The first attempt is made before the first event.
    store = FullStore(tmp_path, full_at={3, 4, 6, 7})
    with living(Life(config, tens(90), directory=tmp_path, store=store)) as life:
        told = take_tens(life, times=7)
        assert told == [(10, 0), (10, 1), (10, 2), (40, 2), (40, 3), (40, 4), (70, 4)]
        life.run()
        assert life.saved()["source"] == {"at": 90}
        assert life.metric("checkpoint_failures_total") == 4


def test_before_the_first_event_a_state_is_waited_for_with_pauses_that_double(tmp_path: Path) -> None:
    config, store = saving_every_ten(tmp_path, tolerate_failures=0), FullStore(tmp_path, full_at={1, 2})
    life = Life(config, tens(20), directory=tmp_path, store=store)
    store.prepare()
    life.source.open(None)
    life.loop.begin()
    told = []
    for seconds in (0.9, 0.1, 1.9, 0.1):
        life.clock.now += seconds
        told.append((life.loop.turn(), life.metric("checkpoint_failures_total"), life.metric("ready")))
    assert told == [(0, 1, 0), (0, 2, 0), (0, 2, 0), (10, 2, 1)]
    assert life.saved()["source"] == {"at": 0}
    life.end()


def test_failures_have_no_influence_on_what_is_learned(tmp_path: Path) -> None:
    saved = []
    for name, full_at in (("whole", ()), ("full", (2, 3, 5))):
        directory = tmp_path / name
        config = saving_every_ten(directory, tolerate_failures=2)
        source, store = tens(90, bad_share=0.1), FullStore(directory, full_at=full_at)
        with living(Life(config, source, directory=directory, store=store)) as life:
            take_tens(life, times=7)
            life.run()
            saved.append(life.saved()["pipeline"])
    assert_same_state(*saved)


def test_one_failure_too_many_ends_the_run_and_commits_nothing(tmp_path: Path) -> None:
    config = saving_every_ten(tmp_path, tolerate_failures=2)
    store = FullStore(tmp_path, full_at=range(3, 99))
    with living(Life(config, tens(90), directory=tmp_path, store=store)) as life:
        take_tens(life, times=3)
        with pytest.raises(StateError, match="no space left"):
            take_tens(life, times=1)
        assert max(snapshot["at"] for snapshot in life.source.committed) == 10
        assert life.saved()["source"] == {"at": 10}


def test_what_could_not_be_written_is_tried_again_though_no_event_has_come_since(tmp_path: Path) -> None:
    clock = Clock()
    config = small_config(tmp_path, checkpoint={"directory": str(tmp_path), "every_seconds": 30})
    source, store = MemorySource(plain_events(20)), FullStore(tmp_path, full_at={2})
    with living(Life(config, source, directory=tmp_path, clock=clock, store=store)) as life:
        told = []
        for _ in range(3):
            life.loop.turn()
            life.writer.close()
            life.loop.turn()
            told.append((life.saved()["source"]["at"], life.metric("checkpoint_failures_total")))
            clock.now += 31
        assert told == [(0, 0), (0, 1), (20, 1)]


def test_the_last_checkpoint_of_a_run_must_be_written(tmp_path: Path) -> None:
    source = MemorySource([*plain_events(20), END], poll_sizes=[30])
    config = small_config(tmp_path, checkpoint={"directory": str(tmp_path), "every_seconds": 1e9})
    with living(Life(config, source, directory=tmp_path, store=FullStore(tmp_path, full_at={2}))) as life:
        with pytest.raises(StateError, match="no space left"):
            life.run()
        assert life.saved()["source"] == {"at": 0}


# Time.


def test_a_partial_micro_batch_is_learned_once_its_first_event_has_waited_for_the_linger(tmp_path: Path) -> None:
    clock = Clock()
    config = small_config(tmp_path, learner={"batch": 8, "linger_seconds": 5})
    source = MemorySource(plain_events(27), poll_sizes=[11, 1])
    with living(Life(config, source, directory=tmp_path, clock=clock)) as life:
        waiting = []
        for seconds in (4, 1, 4, 1, 0):
            life.loop.turn()
            waiting.append(life.loop.pipeline.waiting)
            clock.now += seconds
        # 11, 12, 23, 24, 24 and 27 events: full blocks do not wait, and what follows one waits anew.
        assert waiting == [3, 4, 7, 0, 3]
        clock.now += 4
        life.loop.turn()
        assert life.loop.pipeline.waiting == 3
        clock.now += 1
        life.loop.turn()
        assert life.loop.pipeline.waiting == 0


def test_a_partial_micro_batch_waits_for_ever_without_a_linger(tmp_path: Path) -> None:
    clock = Clock()
    source = MemorySource(plain_events(11))
    with living(Life(small_config(tmp_path), source, directory=tmp_path, clock=clock)) as life:
        for _ in range(3):
            life.loop.turn()
            clock.now += 1e6
        assert life.loop.pipeline.waiting == 3


FIRST = {"type": "json", "label": "y", "task": "task", "first_events": 20, "first_seconds": 5}


def test_the_first_events_are_looked_at_though_fewer_came_once_no_others_do(tmp_path: Path) -> None:
    clock = Clock()
    source = MemorySource(plain_events(12), poll_sizes=[6])
    with living(Life(small_config(tmp_path, decoder=FIRST), source, directory=tmp_path, clock=clock)) as life:
        held = []
        for seconds in (4, 4, 2, 0):
            life.loop.turn()
            held.append((life.loop.pipeline.held, life.loop.pipeline.events))
            clock.now += seconds
    assert held == [(6, 0), (12, 0), (12, 0), (0, 12)]


def test_what_is_held_back_is_saved_and_learned_in_the_next_life(tmp_path: Path) -> None:
    source = MemorySource([*plain_events(12), CRASH, *plain_events(12)], poll_sizes=[6])
    config = small_config(tmp_path, decoder=FIRST)
    with living(Life(config, source, directory=tmp_path)) as life:
        for _ in range(2):
            life.loop.turn()
        life.loop.save()
        with pytest.raises(SimulatedCrash):
            life.loop.turn()
    with living(Life(config, source, directory=tmp_path)) as life:
        assert (life.loop.pipeline.held, life.loop.pipeline.events) == (12, 0)
        for _ in range(2):
            life.loop.turn()
        assert (life.loop.pipeline.held, life.loop.pipeline.events) == (0, 24)


def generations(life: Life) -> int:
    life.writer.close()
    return len(life.store.generations())


def test_a_checkpoint_is_due_by_time_only_when_something_has_come(tmp_path: Path) -> None:
    clock = Clock()
    checkpoint = {"directory": str(tmp_path), "every_seconds": 30, "keep": 10}
    source = MemorySource(plain_events(20), poll_sizes=[10])
    with living(
        Life(small_config(tmp_path, checkpoint=checkpoint), source, directory=tmp_path, clock=clock)
    ) as life:
        counts = []
        for seconds in (29, 1, 1_000, 1_000):
            life.loop.turn()
            counts.append(generations(life))
            clock.now += seconds
        assert counts == [1, 1, 2, 2]


def test_at_the_end_only_what_is_new_is_written(tmp_path: Path) -> None:
    source = MemorySource(plain_events(20), poll_sizes=[20])
    with living(Life(small_config(tmp_path), source, directory=tmp_path)) as life:
        life.loop.save()
        assert generations(life) == 1
        life.loop.turn()
        life.loop.save()
        life.loop.save()
        assert generations(life) == 2
        assert source.committed == [{"at": 0}, {"at": 20}]


def test_a_restarted_process_does_not_count_events_from_before_as_new(tmp_path: Path) -> None:
    source = MemorySource(plain_events(35), poll_sizes=[10, 10, 10, 5])
    with living(Life(small_config(tmp_path), source, directory=tmp_path)) as life:
        life.loop.turn()
        life.loop.turn()
        assert generations(life) == 2
    with living(Life(small_config(tmp_path), source, directory=tmp_path)) as life:
        life.loop.turn()
        life.loop.turn()
        assert generations(life) == 2
        assert life.loop.pipeline.events == 35
