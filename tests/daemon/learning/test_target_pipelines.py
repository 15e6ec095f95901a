"""Several targets at once: each is learned as if it were alone, and all of them are told together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from daemon.build.pipeline import build_any_pipeline
from daemon.build.restored import restored
from daemon.config.errors import ConfigError
from daemon.learning.stopwatch import Stopwatch
from daemon.state.checkpoints import CheckpointStore
from tests.daemon.learning.companion_stream import NOISY
from tests.daemon.learning.later.late_stream import record, sensors
from tests.daemon.lives import small_config
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from connectors.record import LocalRecord
    from connectors.sink import Prediction
    from daemon.config.schema import Config
    from daemon.learning.any_pipeline import AnyPipeline

NEAR: dict[str, Any] = {"field": "a", "ahead": 3, "coverage": 0.9}
FAR: dict[str, Any] = {"field": "b", "ahead": "60s", "as": "difference"}
UP: dict[str, Any] = {"field": "a", "ahead": 5, "as": "sign"}
SECTIONS: dict[str, Any] = {
    "decoder": {"type": "json", "task": "task", "missing": "mean", "first_events": 4},
    "features": {"label_lags": 2, "per_key": True},
    **NOISY,
    "committee": {},
    "companions": {"naive": {"every_blocks": 1}},
}


def config_of(directory: Path, **sections: Any) -> Config:
    return small_config(directory, **SECTIONS | sections)


def pipeline_of(directory: Path, **sections: Any) -> AnyPipeline:
    return build_any_pipeline(config_of(directory, **sections), stopwatch=Stopwatch())


def fed(pipeline: AnyPipeline, records: Sequence[LocalRecord], *, sizes: Sequence[int]) -> list[Prediction]:
    """What a pipeline publishes of records that come in groups of these sizes, again and again."""
    said, start = [], 0
    while start < len(records):
        for size in sizes:
            said += pipeline.process(records[start : start + size]).predictions
            start += size
    said += pipeline.release().predictions
    pipeline.finish()
    return said


def test_each_of_several_targets_is_learned_bit_for_bit_as_a_daemon_of_its_own_does(tmp_path: Path) -> None:
    records = sensors(170, seed=3, missing=0.2)
    together = pipeline_of(tmp_path, label="none", targets=[NEAR, FAR, UP])
    said = fed(together, records, sizes=[7, 50])
    assert list(together.by_target) == ["a+3", "b+60s:difference", "a+5:sign"]
    for name, target in zip(together.by_target, (NEAR, FAR, UP), strict=True):
        alone = pipeline_of(tmp_path, label={"from": "stream", **target})
        own = fed(alone, records, sizes=[64])
        assert_same_state(together.state_dict()["targets"][name], alone.state_dict())
        assert [each.targets and each.targets[name] for each in said] == own


def test_a_target_that_is_missing_half_of_the_time_leaves_the_other_as_it_is(tmp_path: Path) -> None:
    sections = {"decoder": SECTIONS["decoder"] | {"features": ["a"]}, "label": "none", "targets": [NEAR, FAR]}
    records = sensors(200, seed=8)
    gaps = [without(each, "b") if each.offset % 2 else each for each in records]
    whole, gappy = (pipeline_of(tmp_path, **sections) for _ in range(2))
    for pipeline, stream in ((whole, records), (gappy, gaps)):
        fed(pipeline, stream, sizes=[40])
    assert_same_state(whole.state_dict()["targets"]["a+3"], gappy.state_dict()["targets"]["a+3"])
    learned = gappy.by_target["b+60s:difference"].learned
    assert 0.3 < learned / whole.by_target["b+60s:difference"].learned < 0.6


def test_where_one_target_cannot_be_told_the_others_are(tmp_path: Path) -> None:
    pipeline = pipeline_of(tmp_path, label="none", targets=[NEAR, UP])
    said = fed(pipeline, sensors(30, seed=1), sizes=[30])
    assert [each.prediction for each in said] == [None] * 30
    *_, last = said
    assert last.targets is not None
    number, sign = (last.targets[name] for name in ("a+3", "a+5:sign"))
    assert number is not None
    assert sign is not None
    assert isinstance(number.prediction, float)
    assert number.interval is not None
    assert sign.prediction in ("up", "down", "same")
    assert sign.interval is None


def test_targets_may_come_and_go_and_those_that_stay_go_on_where_they_were(tmp_path: Path) -> None:
    records = sensors(160, seed=5)
    before = pipeline_of(tmp_path, label="none", targets=[UP, NEAR])
    fed(before, records[:80], sizes=[16])
    saved = before.state_dict()
    after = pipeline_of(tmp_path, label="none", targets=[FAR, NEAR])
    with capture_logs() as logs:
        after.load_state_dict(saved)
    assert {each["target"]: each["log_level"] for each in logs if "target" in each} == {
        "a+5:sign": "warning", "b+60s:difference": "warning",
    }  # fmt: skip
    assert_same_state(after.state_dict()["targets"]["a+3"], saved["targets"]["a+3"])
    said = [each for start in range(80, 160, 3) for each in after.process(records[start : start + 3]).predictions]
    # The new one looks at its first four events before it says anything; these are published without it.
    assert [each.record.offset for each in said] == list(range(80, 160))
    told = [each.targets["b+60s:difference"] is not None for each in said if each.targets]
    assert told == [False] * 3 + [True] * 77
    assert all(each.targets and each.targets["a+3"] for each in said)
    assert after.events == 160


def test_a_label_becomes_one_of_several_targets_with_what_it_has_learned_and_back(tmp_path: Path) -> None:
    records = sensors(60, seed=5)
    alone = pipeline_of(tmp_path, label={"from": "stream", **NEAR})
    fed(alone, records, sizes=[20])
    several = pipeline_of(tmp_path, label="none", targets=[FAR, NEAR])
    several.load_state_dict(alone.state_dict())
    assert_same_state(several.state_dict()["targets"]["a+3"], alone.state_dict())
    store = CheckpointStore(tmp_path / "state", keep=1)
    store.prepare()
    store.write({"pipeline": several.state_dict(), "source": {}}, several.summary())
    saved = store.require_newest().saved
    again = restored(config_of(tmp_path, label={"from": "stream", **NEAR}), saved, stopwatch=Stopwatch())
    assert_same_state(again.state_dict(), alone.state_dict())
    with pytest.raises(ConfigError, match=r"the targets b\+60s:difference, a\+3, and the configuration's label is"):
        restored(config_of(tmp_path, label={"from": "stream", **UP}), saved, stopwatch=Stopwatch())
    with pytest.raises(ConfigError, match=r"it has learned .*, and the configuration's targets are a\+5:sign"):
        restored(config_of(tmp_path, label="none", targets=[UP]), saved, stopwatch=Stopwatch())


def without(event: LocalRecord, field: str) -> LocalRecord:
    fields = {name: value for name, value in json.loads(event.value or b"").items() if name != field}
    return record(event.topic, event.offset, event.timestamp, event.key, fields)
