from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from daemon.state.durable import measure_file
from daemon.state.tensor_file import read_tensors, write_tensors
from tests.daemon.identical import identical

if TYPE_CHECKING:
    from pathlib import Path

LEAVES: dict[str, Any] = {
    "learner.parameters": torch.linspace(-1, 1, 7),
    "replay.x": np.arange(6, dtype=np.uint8).reshape(2, 3),
    "replay.half": torch.ones(3, dtype=torch.float16),
    "brain": torch.arange(4).to(torch.bfloat16),
    "mask": np.array([True, False]),
    "scalar": np.array(2.5),
    "zero-size": torch.zeros(0, 5, dtype=torch.int64),
    "no brain": torch.zeros(2, 0, dtype=torch.bfloat16),
    "transposed": torch.arange(6).reshape(2, 3).T,
    "one row of no stride": torch.tensor(2.0).expand(1),
    "no row of no stride": torch.from_numpy(np.zeros(0, np.uint16)),
    "": np.array([3], dtype=np.uint64),
}


def same(loaded: dict[str, Any], leaves: dict[str, Any]) -> bool:
    """Whether the bits are the same, be they in a tensor or an array."""
    return identical(
        *(dict(sorted((name, torch.as_tensor(leaf)) for name, leaf in x.items())) for x in (loaded, leaves))
    )


def test_the_library_reads_what_is_written(tmp_path: Path) -> None:
    write_tensors(tmp_path / "file", LEAVES)
    loaded = load_file(tmp_path / "file")
    assert same(loaded, LEAVES)


def test_all_dtypes_and_shapes_come_back_and_can_be_written_to(tmp_path: Path) -> None:
    part = write_tensors(tmp_path / "file", LEAVES)
    loaded = read_tensors(tmp_path / "file", part)
    assert same(loaded, LEAVES)
    loaded["learner.parameters"][0] = 9


def test_tensors_are_aligned_to_their_elements(tmp_path: Path) -> None:
    write_tensors(tmp_path / "file", LEAVES)
    content = (tmp_path / "file").read_bytes()
    length = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + length])
    assert length % 8 == 0
    assert all(entry["data_offsets"][0] % LEAVES[name].dtype.itemsize == 0 for name, entry in header.items())


@pytest.mark.parametrize(
    "leaf",
    [np.array(["text"]), np.array([None]), np.zeros(2, ">f4"), np.zeros(2, "complex128"), np.zeros(2, "M8[s]")],
    ids=str,
)
def test_a_dtype_that_the_format_lacks_is_refused_by_the_path(tmp_path: Path, leaf: Any) -> None:
    with pytest.raises(TypeError, match=r"learner\.odd has dtype .* which safetensors does not have"):
        write_tensors(tmp_path / "file", {"learner.odd": leaf})
    assert not (tmp_path / "file").exists()


def entry(dtype: str, shape: list[int], start: int, end: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


def file_of(header: dict[str, Any] | bytes, data: bytes = b"\0" * 8) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x01",
        b"\xff" * 8 + b"{}",
        (1 << 40).to_bytes(8, "little") + b"{}",
        file_of(b"{" * 10_000),
        file_of(b"\xff\xfe"),
        file_of({"x": entry("F32", [2], 0, 8), "y": entry("F32", [2], 0, 8)}),
        file_of({"x": entry("F32", [2], 8, 16)}),
        file_of({"x": entry("F32", [1 << 62, 1 << 62], 0, 8)}),
        file_of({"x": entry("F32", [2], 0, 8)}, data=b"\0" * 7),
        file_of({"x": entry("F8_E5M2", [8], 0, 8)}),
        file_of({"x": entry("OBJECT", [1], 0, 8)}),
        b"\x80\x04cposix\nsystem\n",
    ],
)
def test_a_forged_file_whose_checksum_is_right_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=r"is not a safetensors file|which no state has"):
        read_tensors(tmp_path / "file", measure_file(tmp_path / "file"))


def test_a_file_that_is_longer_or_other_than_it_should_be_is_an_error(tmp_path: Path) -> None:
    save_file({"x": torch.zeros(4)}, tmp_path / "one")
    part = measure_file(tmp_path / "one")
    save_file({"x": torch.ones(4)}, tmp_path / "one")
    with pytest.raises(ValueError, match="has the checksum"):
        read_tensors(tmp_path / "one", part)
    save_file({"x": torch.ones(40)}, tmp_path / "one")
    with pytest.raises(ValueError, match=f"is longer than {part.bytes} bytes"):
        read_tensors(tmp_path / "one", part)
