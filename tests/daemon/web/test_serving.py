"""The Open Inference Protocol over HTTP, from a running daemon, as clients of the field speak it."""

from __future__ import annotations

import json
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from tritonclient.http import InferenceServerClient, InferInput
from tritonclient.utils import InferenceServerException

from benchmarks.daemon_process import scrape
from daemon.build.server import front_settings
from daemon.config.errors import ConfigError
from daemon.config.serving_section import ServingSection
from daemon.front.handed_over import in_memory
from daemon.front.link import Message
from daemon.front.model import ReceivedModel
from daemon.service import Service
from daemon.serving.packed import PACKAGES
from daemon.serving.packing import pack
from daemon.web.tokens import serving_token
from tests.daemon.event_stream import Stretch, events, json_lines
from tests.daemon.lives import small_config
from tests.daemon.web.threaded import front

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemon.config.schema import Config

TOKEN = "an-inference-token-of-32-letters"  # noqa: S105 - of this test alone
MODEL = "/v2/models/retaind"
ROW = {"name": "features", "datatype": "FP64", "shape": [1, 3], "data": [1.0, 2.0, 3.0]}


def config(directory: Path, *, on: bool = True, **serving: Any) -> Any:
    stream = directory / "stream.jsonl"
    stream.write_bytes(json_lines([Stretch("P", 200)]))
    return small_config(
        directory,
        source={"type": "file", "path": str(stream)},
        http={"port": 0},
        serving={"every_seconds": 1e-6, "max_share": 1.0} | serving if on else None,
    )


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One that has read its stream, and still serves."""
    with Service(config(tmp_path_factory.mktemp("serving"), max_rows=50, max_bytes=8_192)) as service:
        service.run(stop=lambda: False)
        deadline = time.monotonic() + 60.0
        while httpx.get(f"{service.http.address}{MODEL}/ready", trust_env=False).status_code != 200:
            assert time.monotonic() < deadline
        yield service


@contextmanager
def asked(service: Service, **serving: Any) -> Iterator[httpx.Client]:
    """A client of a server on a thread, which answers from a copy of what the service has learned."""
    options = front_settings(config_of(service, **serving)).serving
    model = ReceivedModel(PACKAGES)
    model.prepared()
    copies = {name: each.event_predictor(copied=True) for name, each in service.loop.pipeline.by_target.items()}
    if None not in copies.values():
        model.receive(Message(*in_memory(pack(copies))))
    with (
        front(model=model, serving=options) as server,
        httpx.Client(base_url=server.address, trust_env=False, timeout=10.0) as client,
    ):
        yield client


def config_of(service: Service, **serving: Any) -> Config:
    return service.config.model_copy(update={"serving": ServingSection(**serving)})


@pytest.fixture
def client(service: Service) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.http.address, trust_env=False, timeout=10.0) as client:
        yield client


@pytest.mark.parametrize("binary", [True, False], ids=["binary", "json"])
def test_a_client_of_the_field_is_answered_what_was_published(service: Service, *, binary: bool) -> None:
    client = InferenceServerClient(service.http.address.removeprefix("http://"))
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("retaind")
    metadata = client.get_model_metadata("retaind")
    assert metadata["inputs"][0] == {
        "name": "features", "datatype": "FP64", "shape": [-1, 3], "parameters": {"optional": True},
    }  # fmt: skip
    x = np.array([[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0]])
    key = np.array([b"k1", b"k2"], dtype=np.object_)
    inputs = [InferInput("features", [2, 3], "FP64"), InferInput("key", [2], "BYTES")]
    inputs[0].set_data_from_numpy(x, binary_data=binary)
    inputs[1].set_data_from_numpy(key, binary_data=binary)
    result = client.infer("retaind", inputs, request_id="7")
    predictor = service.loop.pipeline.event_predictor(copied=False)
    assert predictor is not None
    probabilities = result.as_numpy("probabilities")
    assert probabilities.shape == (2, len(predictor.class_names))
    assert result.as_numpy("prediction").tolist() == [
        predictor.class_names[place] for place in probabilities.argmax(1)
    ]
    assert np.allclose(result.as_numpy("confidence"), probabilities.max(1), atol=1e-6)
    assert result.get_response()["id"] == "7"
    wrong = InferInput("featurs", [2, 3], "FP64")
    wrong.set_data_from_numpy(x, binary_data=binary)
    with pytest.raises(InferenceServerException, match="did you mean 'features'"):
        client.infer("retaind", [wrong])
    client.close()


def test_what_is_published_is_what_is_answered_just_before(tmp_path: Path) -> None:
    """The copy of one moment says of the next event what the daemon publishes of it."""
    with Service(config(tmp_path, on=False)) as service:
        service.run(stop=lambda: False)
        (record,) = events([Stretch("P", 1)], seed=9)
        event = json.loads(record.value or b"")
        inputs = [
            {"name": name, "datatype": "FP64", "shape": [1], "data": [event[name]]} for name in ("a", "b", "c")
        ]
        with asked(service) as client:
            answer = client.post(f"{MODEL}/infer", json={"inputs": inputs}).json()
        (published,) = service.loop.pipeline.process([record._replace(key=None)]).predictions
    said = {each["name"]: each["data"][0] for each in answer["outputs"]}
    assert said["prediction"] == published.prediction
    assert said["confidence"] == pytest.approx(published.confidence, abs=0.02)  # the scale is young
    assert answer["parameters"]["events"] == 200


def test_another_model_and_another_method_are_refused(client: httpx.Client) -> None:
    assert client.get("/v2/models/other").status_code == 404
    assert "retaind alone" in client.post("/v2/models/other/infer", json={}).json()["error"]
    refused = client.get(f"{MODEL}/infer")
    assert (refused.status_code, refused.headers["allow"]) == (405, "POST")
    assert client.post(MODEL).headers["allow"] == "GET"
    assert client.get("/v2").json()["extensions"] == ["binary_tensor_data"]


def test_a_request_is_bounded_in_bytes_and_rows(client: httpx.Client) -> None:
    many = ROW | {"shape": [51, 3], "data": [0] * 153}
    assert "expected 1 to 50" in client.post(f"{MODEL}/infer", json={"inputs": [many]}).json()["error"]
    assert client.post(f"{MODEL}/infer", content=b" " * 8_193).status_code == 413
    assert client.post(f"{MODEL}/infer", content=iter([b"{}"])).status_code == 411
    packed = client.post(f"{MODEL}/infer", content=b"{}", headers={"Content-Encoding": "gzip"})
    assert packed.status_code == 415
    beyond = client.post(f"{MODEL}/infer", content=b"{}", headers={"Inference-Header-Content-Length": "3"})
    assert "at most the body's 2 bytes" in beyond.json()["error"]


def test_what_is_answered_is_counted(client: httpx.Client, service: Service) -> None:
    def counts() -> tuple[float, ...]:
        told = scrape(service.http.address)
        requests = told["retaind_inference_requests_total"]
        rows = told["retaind_inference_rows_total"][()]
        return requests.get(("200",), 0.0), requests.get(("400",), 0.0), rows

    before = counts()
    client.post(f"{MODEL}/infer", json={"inputs": [ROW | {"shape": [2, 3], "data": [0] * 6}]})
    client.post(f"{MODEL}/infer", json={"inputs": []})
    assert counts() == (before[0] + 1, before[1] + 1, before[2] + 2)
    assert service.registry.get_sample_value("retaind_serving_snapshot_events") == 200.0


def test_only_whoever_has_the_token_is_answered_and_no_page_in_a_browser(service: Service, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text(TOKEN)
    with asked(service, token_file=str(token)) as client:
        owner, body = {"Authorization": f"Bearer {TOKEN}"}, {"inputs": [ROW]}
        for path in ("/v2", MODEL, f"{MODEL}/ready"):
            assert client.get(path).status_code == 401
            assert client.get(path, headers=owner).status_code == 200
        assert client.post(f"{MODEL}/infer", json=body).status_code == 401
        assert client.post(f"{MODEL}/infer", json=body, headers=owner).status_code == 200
        page = owner | {"Origin": "http://elsewhere"}
        assert client.post(f"{MODEL}/infer", json=body, headers=page).status_code == 403
        # Probes carry none.
        assert client.get("/v2/health/live").status_code == 200


def test_too_many_a_second_are_refused_and_probes_are_not(service: Service) -> None:
    with asked(service, max_per_second=0.01) as client:
        first, second = (client.post(f"{MODEL}/infer", json={"inputs": [ROW]}) for _ in range(2))
        assert (first.status_code, second.status_code, second.headers["retry-after"]) == (200, 429, "1")
        assert client.get(f"{MODEL}/ready").status_code == 200


def test_too_many_at_a_time_are_refused_and_probes_are_not(service: Service) -> None:
    with (
        asked(service, max_concurrent=1) as client,
        socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=10) as slow,
    ):
        slow.sendall(f"POST {MODEL}/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n".encode())
        deadline = time.monotonic() + 10
        while (busy := client.post(f"{MODEL}/infer", json={"inputs": [ROW]})).status_code != 503:
            assert time.monotonic() < deadline
        assert "at a time" in busy.json()["error"]
        assert client.get(f"{MODEL}/ready").status_code == 200


def test_without_the_section_nothing_is_served_and_before_an_event_nothing_is_ready(tmp_path: Path) -> None:
    with Service(config(tmp_path, on=False)) as service:
        assert httpx.get(f"{service.http.address}/v2/health/ready").status_code == 404
        with asked(service) as client:
            assert client.get("/v2/health/ready").status_code == 503
            early = client.post(f"{MODEL}/infer", json={"inputs": [ROW]})
            assert (early.status_code, early.json()["error"]) == (503, "the model has seen no event yet")


def test_a_token_that_is_none_is_a_mistake_in_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"serving.token_file"):
        serving_token(config(tmp_path, token_file=str(tmp_path / "nowhere")))
