"""A state that an earlier release wrote is taken up, and learned on from as that release would have."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from connectors.decoders.identities import untyped_name
from daemon.build.load import load
from daemon.service import Service
from daemon.state.checkpoints import CheckpointStore
from daemon.state.layout import FIRST, LAYOUT, MIGRATIONS, migrated
from daemon.state.state_tree import flatten
from daemon.telemetry.history.saved import read_history
from tests.daemon.state.outline import Outline, digests_of

if TYPE_CHECKING:
    from daemon.config.schema import Config
    from daemon.state.state_tree import Leaf

GOLDEN = Path(__file__).parent / "golden"
STATES = sorted(path.parent for path in GOLDEN.glob("[!c]*/*/retaind.yaml"))
COMMITTEES = sorted(path.parent for path in GOLDEN.glob("committee-*/*/retaind.yaml"))
"""These have another way to learn since: they go on, and not to the same bits."""
MENDED = ("heads", "drift")
"""So do these: heads of absent tasks stay where they are, and a drift alarm consolidates nothing from after it."""
CLOSE = {"rtol": 1e-3, "atol": 1e-5}
"""Of weights: another processor rounds otherwise. On the one that wrote the states all bits are equal."""


HOW_TO_MIGRATE = """these components have other parts than before: give each a new version and a migration in
daemon/state/layout.py, keep a state of the version before in tests/daemon/state/golden, and run
python -m tests.daemon.state.outline"""


@pytest.fixture(params=STATES, ids=lambda path: f"{path.parent.name}-{path.name}")
def golden(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run as an earlier release left it in the middle of its stream."""
    return left(request.param, tmp_path, monkeypatch)


def left(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "run"
    shutil.copytree(run, directory)
    (directory / "then").rename(directory / "state")
    # No output may be in the state directory any more, where these had it.
    for output in (directory / "state").glob("*.jsonl"):
        output.rename(directory / output.name)
    config = directory / "retaind.yaml"
    config.write_text(re.sub(r"\bstate/(\w+\.jsonl)", r"\1", config.read_text()))
    # The paths in the configuration, and that of the stream in the state, are relative.
    monkeypatch.chdir(directory)
    return directory


def run_name(request: pytest.FixtureRequest) -> str:
    path: Path = request.node.callspec.params["golden"]
    return f"{path.parent.name}/{path.name}"


def test_what_is_learned_on_is_what_that_release_learned(golden: Path, request: pytest.FixtureRequest) -> None:
    with Service(load(golden / "retaind.yaml")) as service:
        service.run(stop=lambda: False)
    assert Outline.known().changed(run_name(request), digests_of(newest(golden / "state"))) == [], HOW_TO_MIGRATE
    ours, theirs = predictions(golden), predictions(golden / "end")
    assert [said["task"] for said in ours] == [said["task"] for said in theirs]
    config = load(golden / "retaind.yaml")
    if config.name in MENDED or fills_gaps_by_key(config):
        return
    assert_close(newest(golden / "state")["pipeline"], newest(golden / "end")["pipeline"])
    said, before = ([each["prediction"] for each in lines] for lines in (ours, theirs))
    numbers = [place for place, each in enumerate(before) if not isinstance(each, str)]
    classes = [place for place, each in enumerate(before) if isinstance(each, str)]
    # In a format without types 7.0 is 7 now.
    assert [untyped_name(said[place]) for place in classes] == [untyped_name(before[place]) for place in classes]
    # Before the first label there is no answer.
    found, known = (np.array([each[place] for place in numbers], dtype=np.float64) for each in (said, before))
    np.testing.assert_allclose(found, known, **CLOSE)


@pytest.mark.parametrize("run", COMMITTEES, ids=lambda path: path.name)
def test_a_committee_goes_on_with_what_it_had_learned_and_whom_it_believed(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = left(run, tmp_path, monkeypatch)
    believed = log_weights(newest(directory / "state"))
    with Service(load(directory / "retaind.yaml")) as service:
        taken_up = service.loop.pipeline.state_dict()
        assert log_weights({"pipeline": taken_up}) == believed
        service.run(stop=lambda: False)
        committee = service.loop.pipeline.snapshot().committee
    assert committee is not None
    assert committee.scores.total.rows > 300
    assert committee.scores.summary["average_score"] is not None
    assert "committee begins untrained" not in "".join(capsys.readouterr())


def test_its_history_is_shown(golden: Path) -> None:
    store = CheckpointStore(golden / "state", keep=1)
    history = read_history(store, store.generations()[-1])
    assert history is not None
    assert all(of.curves for of in history.targets.values() or [history])


def test_there_is_a_state_of_every_layout_that_can_be_migrated() -> None:
    manifests = [json.loads(path.read_text()) for path in GOLDEN.glob("*/*/then/checkpoints/*/manifest.json")]
    kept = {(name, version) for each in manifests for name, version in each.get("layout", FIRST).items()}
    assert kept >= {(migration.component, migration.version) for migration in MIGRATIONS}
    assert {migration.component for migration in MIGRATIONS} <= LAYOUT.keys()


def test_a_model_from_before_commits_had_names_gets_one_where_it_reads_kafka() -> None:
    before = dict(LAYOUT) | {"source": 1}
    assert migrated({"source": {"partitions": []}}, before)["source"] == {"partitions": [], "identity": None}
    assert migrated({"source": {"offset": 3}}, before)["source"] == {"offset": 3}


def fills_gaps_by_key(config: Config) -> bool:
    """So do these: gaps are filled from what came under the same key."""
    decoder: Any = config.decoder
    return decoder.key is not None and decoder.missing in ("mean", "last")


def newest(directory: Path) -> dict[str, Any]:
    recovered = CheckpointStore(directory, keep=1).load_newest()
    assert recovered is not None
    return recovered.saved.state


def log_weights(state: dict[str, Any]) -> list[float]:
    committee = state["pipeline"]["main_learner"]["committee"]["committee"]
    mixture = committee["mixture"] if "mixture" in committee else committee["share"]["mixture"]
    weights: list[float] = np.asarray(mixture["log_weights"]).tolist()
    return weights


def predictions(directory: Path) -> list[dict[str, Any]]:
    """What was said of each event; of each target, where there are several."""
    lines = map(json.loads, (directory / "predictions.jsonl").read_text().splitlines())
    return [said for line in lines for said in line.get("targets", {"": line}).values()]


def assert_close(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = known_then(one), known_then(other)
    assert first.keys() == second.keys()
    for name, leaf in first.items():
        np.testing.assert_allclose(array(leaf), array(second[name]), **CLOSE, err_msg=name)


def known_then(state: dict[str, Any]) -> dict[str, Leaf]:
    """Everything but what an earlier release did not remember, and this one does as soon as it evaluates."""
    return {name: leaf for name, leaf in flatten(state).leaves.items() if not NEW_SINCE.search(name)}


NEW_SINCE = re.compile(
    r"^main_learner\.(aged|by_class)\.|^estimate\.|\.matrix\.(same_rows\.|of_task\.(gained|lost|error)$)|\.sample\.number$"
    r"|\.marked_paths|\.scaler\.watch_past$"
    r"|\.whose$|\.committee\.key$|\.(prequential|scores|gate|neighbours|moves|waiting|early|settled)\.keys$"
    r"|^intervals\.tasks\.\d+\.keys$"
)


def array(leaf: Leaf) -> np.ndarray[Any, Any]:
    return leaf.float().numpy() if isinstance(leaf, torch.Tensor) else leaf
