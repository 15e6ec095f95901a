"""Sends a simulated plant to Kafka for ever: what the laptop's daemon learns from."""  # noqa: INP001 - a script, not a module of a package

from __future__ import annotations

import os
from itertools import count

from kafka import KafkaProducer

from connectors.synthetic.options import PlantOptions
from connectors.synthetic.plant import PlantSource


def send(producer: KafkaProducer, source: PlantSource, *, topic: str) -> None:
    """Send all events of the source, at its pace."""
    source.open(None)
    while not source.exhausted:
        for record in source.poll(1_000, 0.2):
            producer.send(topic, value=record.value)
        producer.flush()
    source.close()


if __name__ == "__main__":
    kafka = KafkaProducer(bootstrap_servers=os.environ["KAFKA_BOOTSTRAP"])
    for seed in count():
        send(kafka, PlantSource(PlantOptions(rate=500.0, seed=seed)), topic="plant")
