"""A learner in closed form does all that the daemon asks of a learner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file

from connectors.memory_source import CRASH, END, MemorySource
from daemon.build.promotion import promote
from daemon.config.schema import Config
from daemon.state.checkpoints import CheckpointStore
from daemon.state.weights_export import export_weights
from tests.daemon.event_stream import Stretch, events
from tests.daemon.learning.companion_stream import ALWAYS, CONFIG, companion, learned, main_of, pipeline, stream
from tests.daemon.lives import Life, lived_through, small_config
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.memory_source import Sentinel
    from connectors.record import LocalRecord

MODEL = {"type": "closed_form", "features": 20, "solve_every": 16}
SECTIONS: dict[str, Any] = {"model": MODEL, "strategies": "default"}
NUMBER = {"label": {"type": "number"}}
KINDS = pytest.mark.parametrize("regression", [False, True], ids=["classes", "number"])


def live_through(
    items: list[LocalRecord | Sentinel], directory: Path, *, sizes: list[int], **sections: Any
) -> Life:
    """Live until the end of the items, again and again from the newest checkpoint; return the last life."""
    config = small_config(directory, **SECTIONS, **sections)
    source = MemorySource(items, poll_sizes=sizes)
    return lived_through(config, source, directory=directory)


@KINDS
def test_a_run_that_dies_again_and_again_ends_with_the_same_bits_as_one_that_never_did(
    tmp_path: Path, *, regression: bool
) -> None:
    records = events([Stretch(task, 60) for task in "PQRP"], seed=3, regression=regression, bad_share=0.1)
    label = NUMBER if regression else {}
    crashing: list[LocalRecord | Sentinel] = list(records)
    for place in (201, 130, 129, 64, 13):
        crashing.insert(place, CRASH)
    whole = live_through([*records, END], tmp_path / "one", sizes=[7, 20], **label)
    broken = live_through([*crashing, END], tmp_path / "other", sizes=[13, 3], **label)
    state = whole.saved()["pipeline"]
    assert_same_state(state, broken.saved()["pipeline"])
    assert state["main_learner"]["scored"]["learner"]["ridge"]["events"] > 100


def test_it_scores_well_in_every_task_long_after_it_has_passed() -> None:
    main = learned(stream("PQRST", rows=300), **SECTIONS, tasks={"type": "none"})
    total = main.scored.prequential.total()
    assert total.accuracy is not None
    assert total.no_change_accuracy is not None
    assert total.accuracy > total.no_change_accuracy


def test_there_is_no_naive_companion_and_the_frozen_one_keeps_no_sums() -> None:
    made = pipeline(**SECTIONS, companions={"naive": ALWAYS, "frozen": ALWAYS})
    made.process(stream())
    main = main_of(made)
    assert [name for name, _ in main.companions] == ["frozen"]
    frozen = companion(main, "frozen").scored.learner
    assert frozen.parameters.any()
    assert frozen.state_dict()["ridge"]["gram"].numel() == 0
    assert not torch.equal(frozen.parameters, main.scored.learner.parameters)


def test_a_challenger_in_closed_form_is_promoted(tmp_path: Path) -> None:
    challenger = {"strategies": [], "learner": {"standardise": False}}
    sections = {**SECTIONS, "companions": {"naive": None, "frozen": None, "challenger": challenger}}
    made = pipeline(**sections)
    made.process(stream())
    made.close_block()
    store = CheckpointStore(tmp_path, keep=3)
    store.write({"pipeline": made.state_dict(), "source": {}}, made.summary())
    config = Config.model_validate(CONFIG | sections | {"checkpoint": {"directory": str(tmp_path)}})
    main = store.load(promote(config, store)).state["pipeline"]["main_learner"]
    before = companion(main_of(made), "challenger").scored.state_dict()["learner"]
    assert_same_state(main["scored"]["learner"], before)


@KINDS
def test_what_is_exported_is_the_whole_model(tmp_path: Path, *, regression: bool) -> None:
    made = pipeline(**SECTIONS, **(NUMBER if regression else {}))
    made.process(stream(regression=regression))
    export_weights({"pipeline": made.state_dict()}, tmp_path / "model.safetensors")
    found, learner = load_file(tmp_path / "model.safetensors"), main_of(made).scored.learner
    assert torch.equal(found["weights"].reshape(-1), learner.parameters)
    x = torch.randn(5, found["mix"].shape[0], generator=torch.Generator().manual_seed(0))
    columns = torch.cat([torch.ones(5, 1), x, (x @ found["mix"] + found["shift"]).relu()], 1)
    outputs = columns @ found["weights"]
    if regression:
        outputs = learner.objective.targets(outputs.squeeze(1) + found["origin"].float())
    else:
        outputs *= 6
    torch.testing.assert_close(outputs, learner.predict_scaled(x), rtol=1e-4, atol=1e-4)


def test_a_state_of_a_network_is_refused_in_words() -> None:
    made = pipeline(strategies=[])
    made.process(stream())
    with pytest.raises(ValueError, match="the checkpoint's model is a network, the configured one closed_form"):
        pipeline(**SECTIONS).load_state_dict(made.state_dict())
