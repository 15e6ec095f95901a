"""One daemon that predicts several targets is asked for all of them, by a client of the field."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import numpy as np
import orjson
import pytest
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException

from connectors.record import LocalRecord
from daemon.build.load import load_bytes
from daemon.service import Service
from tests.daemon.web.test_serving import asked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENTS = 300
TARGETS = ("flow+1", "heat+5", "flow+2:sign")
CONFIG = """
source: {{type: file, path: "{0}/plant.jsonl"}}
decoder: {{type: json}}
targets:
  - {{field: flow, ahead: 1, coverage: 0.5}}
  - {{field: heat, ahead: 5}}
  - {{field: flow, ahead: 2, as: sign}}
tasks: {{type: none}}
model: {{type: mlp, hidden: [8]}}
strategies: []
companions: {{naive: null, frozen: null}}
retention: {{probe_share: 0}}
checkpoint: {{directory: "{0}/state"}}
predictions: {{type: file, path: "{0}/predictions.jsonl"}}
serving: {{every_seconds: 1.0e-6, max_share: 1.0}}
http: {{port: 0}}
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One that has read its stream, and still serves."""
    directory: Path = tmp_path_factory.mktemp("targets")
    flow, heat = np.random.default_rng(3).normal(size=(2, EVENTS)).cumsum(axis=1).round(3).tolist()
    lines = [orjson.dumps({"flow": f, "heat": h}) for f, h in zip(flow, heat, strict=True)]
    (directory / "plant.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    config = load_bytes(CONFIG.format(directory).encode(), file="plant.yaml", environ={})
    with Service(config) as service:
        service.run(stop=lambda: False)
        deadline = time.monotonic() + 60.0
        while httpx.get(f"{service.http.address}/v2/models/retaind/ready", trust_env=False).status_code != 200:
            assert time.monotonic() < deadline
        yield service


@pytest.fixture
def client(service: Service) -> Iterator[InferenceServerClient]:
    client = InferenceServerClient(service.http.address.removeprefix("http://"))
    yield client
    client.close()


def fields(flow: float, heat: float) -> list[InferInput]:
    inputs = []
    for name, value in (("flow", flow), ("heat", heat)):
        inputs.append(InferInput(name, [1], "FP64"))
        inputs[-1].set_data_from_numpy(np.array([value]))
    return inputs


def test_each_target_is_answered_by_name_as_the_metadata_says(client: InferenceServerClient) -> None:
    result = client.infer("retaind", fields(3.0, -1.0))
    told = {each["name"]: (each["datatype"], len(each["shape"])) for each in result.get_response()["outputs"]}
    described = client.get_model_metadata("retaind")["outputs"]
    assert told == {each["name"]: (each["datatype"], len(each["shape"])) for each in described}
    assert list(told) == [
        "flow+1.prediction",
        "flow+1.interval",
        "heat+5.prediction",
        *(
            f"{name}.{kind}"
            for name in TARGETS[2:]
            for kind in ("prediction", "confidence", "probabilities", "classes")
        ),
    ]


def test_what_is_answered_of_each_target_is_what_is_published_of_the_next_event(
    service: Service,
) -> None:
    with asked(service) as http:
        client = InferenceServerClient(str(http.base_url).removeprefix("http://"))
        result = client.infer("retaind", fields(3.0, -1.0))
        client.close()
    assert result.get_response()["parameters"]["events"] == EVENTS
    event = LocalRecord("plant", 0, EVENTS, 0, None, orjson.dumps({"flow": 3.0, "heat": -1.0}), [])
    (published,) = service.loop.pipeline.process([event]).predictions
    assert published.targets is not None
    for name, said in published.targets.items():
        assert said is not None
        answered = result.as_numpy(f"{name}.prediction").tolist()[0]
        assert answered == (said.prediction if name.endswith("sign") else pytest.approx(said.prediction, abs=0.05))
    ends = published.targets["flow+1"]
    assert ends is not None
    assert ends.interval is not None
    # The event brings the label of the one before it, which moves the ends a little; an asked row brings none.
    assert result.as_numpy("flow+1.interval")[0] == pytest.approx(ends.interval, abs=0.5)


def test_one_target_may_be_asked_for_alone_and_all_fields_may_be_one_tensor(client: InferenceServerClient) -> None:
    matrix = InferInput("features", [1, 2], "FP64")
    matrix.set_data_from_numpy(np.array([[3.0, -1.0]]))
    wanted = [InferRequestedOutput("heat+5.prediction", binary_data=False)]
    whole = client.infer("retaind", [matrix], outputs=wanted)
    assert [each["name"] for each in whole.get_response()["outputs"]] == ["heat+5.prediction"]
    apart = client.infer("retaind", fields(3.0, -1.0), outputs=wanted)
    assert whole.as_numpy("heat+5.prediction") == apart.as_numpy("heat+5.prediction")
    with pytest.raises(InferenceServerException, match=r"did you mean 'heat\+5.prediction'"):
        client.infer("retaind", [matrix], outputs=[InferRequestedOutput("heat+4.prediction", binary_data=False)])
