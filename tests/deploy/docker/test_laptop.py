"""What of the image and of the laptop's stack can be seen without a container engine."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from kafka import KafkaProducer

from connectors.synthetic.options import PlantOptions
from connectors.synthetic.plant import PlantSource
from daemon.build.load import load
from daemon.config.advice.advice import advise

if TYPE_CHECKING:
    from tests.kafka.cluster import Cluster

DEPLOY = Path(__file__).parents[3] / "deploy"
DOCKER = DEPLOY / "docker"
ROOT = DEPLOY.parent


def compose() -> dict[str, Any]:
    stack: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
    return stack


def test_the_laptops_configuration_needs_no_advice_but_that_its_port_is_open_within_the_container() -> None:
    advice = advise(load(DOCKER / "retaind.yaml", environ={}))
    assert [each for each in map(str, advice) if "http.host" not in each] == []


def test_every_file_that_the_stack_mounts_is_there() -> None:
    mounts = [mount for service in compose()["services"].values() for mount in service.get("volumes", [])]
    missing = [mount for mount in mounts if mount[0] == "." and not (DOCKER / mount.split(":")[0]).exists()]
    assert missing == []


def test_the_volumes_are_where_the_programs_write() -> None:
    services = compose()["services"]
    written = {
        "kafka": services["kafka"]["environment"]["KAFKA_LOG_DIRS"],
        "state": load(DOCKER / "retaind.yaml", environ={}).checkpoint.directory,
        "prometheus": "/prometheus",
    }
    volumes = dict(
        mount.split(":") for each in services.values() for mount in each.get("volumes", []) if mount[0] != "."
    )
    assert volumes.keys() == written.keys() == compose()["volumes"].keys()
    assert [name for name in volumes if not f"{written[name]}/".startswith(f"{volumes[name]}/")] == []


def test_the_sender_which_does_not_handle_sigterm_has_an_init_before_it() -> None:
    assert compose()["services"]["plant"]["init"] is True


def test_the_stack_listens_on_this_machine_alone() -> None:
    published = [port for service in compose()["services"].values() for port in service.get("ports", [])]
    assert published
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_every_file_that_the_image_is_built_from_is_there_and_let_through() -> None:
    dockerfile = (DOCKER / "Dockerfile").read_text()
    copied = {
        name for line in re.findall(r"^COPY (?!--from)(.*) \S+$", dockerfile, re.MULTILINE) for name in line.split()
    }
    let_through = re.findall(r"^!(.*)$", (DOCKER / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    assert copied == set(let_through)
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_image_runs_as_the_user_that_the_chart_expects() -> None:
    user = yaml.safe_load((DEPLOY / "helm" / "retaind" / "values.yaml").read_text())["userId"]
    assert f"USER {user}:{user}\n" in (DOCKER / "Dockerfile").read_text()


def test_the_plant_arrives_in_kafka_as_it_was_simulated(broker: Cluster, topic: str) -> None:
    send = runpy.run_path(str(DOCKER / "plant_to_kafka.py"))["send"]
    with KafkaProducer(bootstrap_servers=broker.bootstrap) as producer:
        send(producer, PlantSource(PlantOptions(events=100, seed=7)), topic=topic)
    source = PlantSource(PlantOptions(events=100, seed=7))
    source.open(None)
    assert [record.value for record in broker.read_all(topic)] == [record.value for record in source.poll(100, 0.0)]
