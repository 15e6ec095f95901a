from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from daemon.state.state_tree import FlatState, copy_tree, flatten, unflatten
from tests.daemon.identical import identical

DTYPES = [
    "bool",
    "uint8",
    "uint16",
    "int8",
    "int32",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
    "complex64",
]
TORCH_ONLY = [torch.bfloat16, torch.float32]

array_leaves = st.sampled_from(DTYPES).flatmap(
    lambda dtype: arrays(dtype, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
)
tensor_leaves = array_leaves.map(lambda array: torch.from_numpy(array.copy())) | st.sampled_from(TORCH_ONLY).map(
    lambda dtype: torch.arange(6).to(dtype).reshape(2, 3)
)
# Keys that could be mistaken: for a path, for a marker, for what safetensors reserves; lone surrogates.
keys = st.text(st.characters(), max_size=3) | st.sampled_from(
    ["a.b", "a", "b", ".", "", "%", "%2E", "$tensor", "$$array", "$float", "__metadata__", "\ud800", "température"]
)
plain = st.none() | st.booleans() | st.integers() | st.integers(2**64, 2**128) | st.floats() | st.text(max_size=5)
trees = st.dictionaries(
    keys,
    st.recursive(
        plain | array_leaves | tensor_leaves,
        lambda children: st.dictionaries(keys, children, max_size=4) | st.lists(children, max_size=4),
        max_leaves=12,
    ),
    max_size=5,
)


def through_json(flat: FlatState) -> FlatState:
    return FlatState(leaves=flat.leaves, document=json.loads(json.dumps(flat.document, allow_nan=False)))


@given(trees)
def test_any_state_comes_back_exactly_through_strict_json(state: dict[str, Any]) -> None:
    assert identical(unflatten(through_json(flatten(state))), state)


@given(trees)
def test_a_copy_is_identical_and_shares_no_memory(state: dict[str, Any]) -> None:
    copy, kept = copy_tree(state), copy_tree(state)
    assert identical(copy, state)
    for leaf in flatten(copy).leaves.values():
        torch.as_tensor(leaf).fill_(1)
    assert identical(state, kept)


def test_a_generator_continues_where_it_was_after_json() -> None:
    generator = np.random.Generator(np.random.PCG64(7))
    generator.random(5)
    state = unflatten(through_json(flatten({"generator": generator.bit_generator.state})))
    resumed = np.random.Generator(np.random.PCG64())
    resumed.bit_generator.state = state["generator"]
    assert resumed.random(5).tolist() == generator.random(5).tolist()


def test_a_view_of_a_larger_tensor_is_copied_alone_and_without_its_gradient() -> None:
    flat = torch.arange(12.0, requires_grad=True)
    copy = copy_tree({"weights": flat[2:6].reshape(2, 2).T, "rows": np.arange(6).reshape(2, 3)[:, ::-1]})
    assert copy["weights"].tolist() == [[2, 4], [3, 5]]
    assert not copy["weights"].requires_grad
    assert copy["weights"].untyped_storage().nbytes() == 16
    assert copy["rows"].tolist() == [[2, 1, 0], [5, 4, 3]]


def test_a_copy_takes_the_memory_of_an_older_one_where_the_form_is_the_same() -> None:
    first = flatten({"x": torch.zeros(4), "y": np.zeros(3), "z": np.zeros(2)}).copy()
    second = flatten({"x": torch.ones(4), "y": np.ones(3), "z": np.ones(5)}).copy(reuse=first)
    assert [second.leaves[name] is first.leaves[name] for name in "xyz"] == [True, True, False]
    assert [leaf.sum() for leaf in second.leaves.values()] == [4, 3, 5]


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (np.float64(1), "numpy.float64"),
        (np.int64(1), "numpy.int64"),
        ((1, 2), "tuple"),
        ({1, 2}, "set"),
        (b"bytes", "bytes"),
        (np.ma.array([1.0]), "MaskedArray"),
    ],
)
def test_what_would_come_back_as_something_else_is_refused_by_its_name(value: Any, named: str) -> None:
    with pytest.raises(TypeError, match=rf"learner\.values\.1 is a .*{named}.*convert it explicitly"):
        flatten({"learner": {"values": [0, value]}})


def test_a_key_that_is_not_a_str_is_refused() -> None:
    with pytest.raises(TypeError, match=r"tasks has the key 3; expected a str"):
        flatten({"tasks": {3: 1.0}})


@pytest.mark.parametrize(
    "document",
    [
        {"x": {"$tensor": "absent"}},
        {"x": {"$tensor": 3}},
        {"x": {"$tensor": "y", "more": 1}},
        {"x": {"$float": "1.5"}},
        {"x": {"$unknown": "y"}},
        {"$tensor": "y"},
    ],
)
def test_a_document_that_flatten_did_not_make_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"refers to something that is not there|is not an object"):
        unflatten(FlatState(leaves={"y": torch.zeros(1)}, document=document))
