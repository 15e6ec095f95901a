"""What answers in another process is what would answer in this one, bit for bit."""

from __future__ import annotations

import mmap
import subprocess
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from daemon.serving.packed import PACKAGES, UnpackableError
from daemon.serving.packing import pack
from daemon.serving.unpacking import unpack
from tests.daemon.learning.test_event_predictor import OWN, asked, pipeline_of, stream
from tests.daemon.learning.test_pipeline import CASES, NUMBER

MORE: dict[str, dict[str, Any]] = {
    "intervals": {"label": NUMBER | {"coverage": 0.9}},
    "lora": {"adapters": [{"type": "lora", "rank": 2}]},
    "committee on numbers, one event a step": {"committee": {}, "label": NUMBER, "learner": {"batch": 1}},
    "later labels": {
        "decoder": {"type": "json", "label": None, "task": "task", "missing": "last"},
        "label": {"type": "number", "from": "stream", "field": "a", "ahead": 3, "coverage": 0.9},
        "committee": {},
    },
}


def again(thing: object, *, packages: frozenset[str] = PACKAGES) -> Any:
    packed = pack(thing, packages=packages)
    memory = mmap.mmap(-1, packed.size + 1)
    packed.write_to(memoryview(memory))
    return unpack(packed.head, memory, packages=packages)


CHOSEN = (
    "closed form that forgets, of a number",
    "naive",
    "nothing standardised, nothing rehearsed",
    "tasks that make room in heads",
    "tasks that make room in columns",
)


@pytest.mark.parametrize("case", [*OWN, *MORE, *CHOSEN])
def test_the_answers_are_the_same_bits(case: str) -> None:
    sections = (OWN | CASES | MORE)[case]
    pipeline, records = pipeline_of(sections), stream(sections, rows=80)
    pipeline.process(records[:70])
    here = pipeline.event_predictor(copied=True)
    assert here is not None
    there = again(here)
    rows = asked(records[70:], here)
    pipeline.process(records[70:])
    mine, its = here.say(rows), there.say(rows)
    assert its.prediction == mine.prediction
    assert its.confidence == mine.confidence
    assert its.intervals == mine.intervals
    if mine.probabilities is not None:
        assert its.probabilities.tobytes() == mine.probabilities.tobytes()
    assert (there.events, there.step, there.class_names) == (here.events, here.step, here.class_names)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.characters(categories=["Cs"]),
    lambda inner: (
        st.lists(inner)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers() | st.binary(), inner)
        | st.dictionaries(st.integers(), st.integers()).map(OrderedDict)
    ),
)


@given(VALUES)
def test_any_values_are_the_same_there(value: Any) -> None:
    assert repr(again([value])) == repr([value])


def test_what_is_shared_is_shared_there_and_what_holds_itself_does() -> None:
    flat = torch.arange(6, dtype=torch.float32)
    assert again([{1, 2}, frozenset([b"a", "b"])]) == [{1, 2}, frozenset([b"a", "b"])]
    held: list[Any] = [flat, flat[2:4], flat.reshape(2, 3).T, np.float32(0.1), np.zeros((0, 3)), torch.float16]
    held.append(held)
    flat_there, part, turned, number, empty, dtype, itself = again(held)
    assert itself[0] is flat_there
    flat_there[2] = 99.0
    assert part.tolist() == [99.0, 3.0]
    assert turned.tolist() == [[0.0, 3.0], [1.0, 4.0], [99.0, 5.0]]
    assert (number, type(number), empty.shape, dtype) == (np.float32(0.1), np.float32, (0, 3), torch.float16)


@dataclass
class Foreign:
    """Of a package that is not expected."""

    value: int = 1


@pytest.mark.parametrize(
    "thing", [Foreign(), subprocess.run, lambda: 1, iter([])], ids=["class", "function", "lambda", "iterator"]
)
def test_what_is_of_another_package_is_refused_by_its_name(thing: object) -> None:
    with pytest.raises(UnpackableError, match="of none of the packages that are expected"):
        pack([thing])


@pytest.mark.parametrize(
    "node",
    [
        ["object", "subprocess:Popen", None],
        ["name", "os:system"],
        ["name", "daemon.state.durable:os.system"],
        ["name", "builtins:eval"],
        ["object", "daemon.serving.packing:pack", None],
    ],
    ids=lambda node: node[1],
)
def test_nothing_that_is_read_can_name_what_is_not_expected(node: list[Any]) -> None:
    head = orjson.dumps({"nodes": [node], "root": ["ref", 0]})
    with pytest.raises((UnpackableError, AttributeError)):
        unpack(head, bytearray(8))
