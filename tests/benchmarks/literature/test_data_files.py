from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.literature.data_files import ORIGINS, DamagedDataError, MissingDataError, data_file, read_idx
from tests.benchmarks.literature.image_files import write_idx

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("folder", ORIGINS)
def test_a_missing_file_is_named_with_what_belongs_there_and_the_option(folder: str, tmp_path: Path) -> None:
    with pytest.raises(MissingDataError) as raised:
        data_file(tmp_path, folder, "some.gz")
    assert str(tmp_path / folder / "some.gz") in str(raised.value)
    assert ORIGINS[folder] in str(raised.value)
    assert "--data" in str(raised.value)


def test_an_idx_file_is_read_in_its_shape(tmp_path: Path) -> None:
    array = np.arange(300 * 2, dtype=np.int64).astype(np.uint8).reshape(300, 2)
    write_idx(tmp_path / "a.gz", array)
    assert read_idx(tmp_path / "a.gz").tolist() == array.tolist()


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"no gzip", id="not gzip"),
        pytest.param(gzip.compress(b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0"), id="floats"),
        pytest.param(gzip.compress(b"\0\0\x08\x01\0\0\0\x09\0"), id="too short"),
        pytest.param(gzip.compress(bytes(range(256)) * 99)[:-60], id="cut off"),
    ],
)
def test_a_damaged_file_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.gz"
    path.write_bytes(content)
    with pytest.raises(DamagedDataError, match=r"bad\.gz cannot be read: .*load it anew"):
        read_idx(path)
