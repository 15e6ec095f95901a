"""The schema registry, as the doctor finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from daemon.doctor.registry import check_registry
from daemon.doctor.setup import Setup
from tests.daemon.doctor.found import levels, only
from tests.registry.gate import Gate, holding

if TYPE_CHECKING:
    from tests.daemon.conftest import Load

HELD = holding({"/schemas/ids/7": {"schema": "{}"}})


def avro(url: str, more: str = "") -> str:
    return f"{{type: avro, label: fault, task: regime, registry: {{url: '{url}'}}{more}}}"


@pytest.mark.parametrize(
    ("more", "level"), [("", "ok"), (", reader_schema_id: 7", "ok"), (", reader_schema_id: 8", "problem")]
)
def test_a_registry_that_answers_is_found_and_so_is_a_readers_schema_that_is_not_there(
    load_with: Load, more: str, level: str
) -> None:
    with Gate(HELD) as gate:
        config = load_with(decoder=avro(gate.url, more))
        assert levels(check_registry(config, Setup())) == [level]


def test_a_registry_that_does_not_answer_or_refuses_is_a_problem_with_its_reason(load_with: Load) -> None:
    with Gate(HELD, authorization="Basic anything") as gate:
        found = only(check_registry(load_with(decoder=avro(gate.url)), Setup()))
    assert (found.level, "refuses the credentials" in found.found) == ("problem", True)
    found = only(check_registry(load_with(decoder=avro(gate.url)), Setup()))
    assert (found.level, "refused" in found.found) == ("problem", True)


def test_without_a_registry_there_is_nothing_to_find(load_with: Load) -> None:
    assert list(check_registry(load_with(), Setup())) == []
