from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks.literature import PROTOCOLS
from benchmarks.literature.configuration import validated, written
from benchmarks.literature.data_files import read_idx
from benchmarks.literature.image_stream import ImageStream, ImageTask
from benchmarks.literature.images import Images, read_images
from benchmarks.literature.rotated_mnist import turned
from connectors.decoders.raw import RawDecoder
from connectors.decoders.raw_options import RawOptions
from tests.benchmarks.literature.image_files import TEST, TRAIN

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.literature.protocol import Stream
    from connectors.record import LocalRecord

TASKS = {"pmnist": 20, "pmnist-50": 50, "rmnist": 20, "smnist": 5, "mnist-fashion": 2}
SIZES = {name: TRAIN * (1 if name == "smnist" else tasks) for name, tasks in TASKS.items()}


def stream_of(name: str, data: Path, *, seed: int = 0, validate: bool = False) -> Stream:
    return PROTOCOLS[name]().stream(data, seed=seed, validate=validate)


def records_of(stream: Stream) -> list[LocalRecord]:
    return [record for chunk in stream.chunks() for record in chunk.records]


def images_of(records: list[LocalRecord]) -> Counter[bytes]:
    return Counter(record.value or b"" for record in records)


@pytest.mark.parametrize("name", SIZES)
def test_each_chunk_is_of_one_task_and_each_task_ends_once(name: str, data: Path) -> None:
    stream, ended = stream_of(name, data), []
    for chunk in stream.chunks():
        (task,) = {dict(record.headers)["task"].decode() for record in chunk.records}
        assert task not in ended
        if chunk.ends is not None:
            assert chunk.ends == task
            ended.append(task)
    assert len(ended) == TASKS[name]


@pytest.mark.parametrize("name", SIZES)
def test_offsets_count_all_events(name: str, data: Path) -> None:
    stream = stream_of(name, data)
    offsets = [record.offset for record in records_of(stream)]
    assert offsets == list(range(SIZES[name]))
    assert stream.events == SIZES[name]


@pytest.mark.parametrize("name", SIZES)
def test_a_seed_decides_everything(name: str, data: Path) -> None:
    first, again, other = (records_of(stream_of(name, data, seed=seed)) for seed in (3, 3, 4))
    assert first == again
    assert [record.value for record in first] != [record.value for record in other]


def test_sequential_tasks_are_pairs_of_classes_and_all_training_images(data: Path) -> None:
    records = records_of(stream_of("smnist", data))
    for record in records:
        headers = dict(record.headers)
        assert headers["label"].decode() in headers["task"].decode().split("-")
    train = read_idx(data / "mnist" / "train-images-idx3-ubyte.gz")
    assert images_of(records) == Counter(image.tobytes() for image in train)


def test_a_permutation_keeps_the_pixels_and_the_labels_of_each_image(data: Path) -> None:
    train, _ = read_images(data, "mnist", validate=False)
    expected = Counter(
        (int(label), bytes(sorted(image.tolist()))) for image, label in zip(train.x, train.y, strict=True)
    )
    records = records_of(stream_of("pmnist", data))
    for task in range(20):
        some = records[task * TRAIN : (task + 1) * TRAIN]
        found = Counter((int(dict(r.headers)["label"]), bytes(sorted(r.value or b""))) for r in some)
        assert found == expected
    first, second = images_of(records[:TRAIN]), images_of(records[TRAIN : 2 * TRAIN])
    assert not first & second


def test_fifty_permutations_begin_with_the_twenty_and_all_have_a_place_in_r(data: Path) -> None:
    twenty, fifty = (records_of(stream_of(name, data)) for name in ("pmnist", "pmnist-50"))
    assert fifty[: len(twenty)] == twenty
    config = validated(written(PROTOCOLS["pmnist-50"], "naive", seed=0), name="pmnist-50")
    assert config.retention.max_tasks >= TASKS["pmnist-50"]


@pytest.mark.parametrize("degrees", [0.0, 17.3, 45.0, 90.0, 133.7, 179.9])
def test_a_rotation_is_that_of_pillow(degrees: float) -> None:
    images = np.random.default_rng(1).integers(1, 256, size=(3, 28, 28), dtype=np.uint8)
    task = ImageTask("r", *2 * [Images(images.reshape(3, -1), np.zeros(3, np.int64))], pixels=turned(degrees))
    expected = [np.asarray(Image.fromarray(image).rotate(degrees)).reshape(-1).tolist() for image in images]
    assert task.see(images.reshape(3, -1)).tolist() == expected


@pytest.mark.parametrize("name", SIZES)
def test_held_out_rows_are_what_the_decoder_would_deliver_of_test_images(name: str, data: Path) -> None:
    options: Any = validated(written(PROTOCOLS[name], "naive", seed=0), name=name).decoder
    assert isinstance(options, RawOptions)
    stream = stream_of(name, data)
    assert isinstance(stream, ImageStream)
    task = next(chunk.ends for chunk in stream.chunks() if chunk.ends)
    held_out = stream.held_out(task)
    [first] = [chunk.records[0] for chunk in stream.chunks()][:1]
    seen = stream._tasks[task].see(stream._tasks[task].test.x)
    records = [first._replace(value=image.tobytes()) for image in seen]
    rows, rejects = RawDecoder(options).decode(records)
    assert not rejects
    assert torch.equal(torch.from_numpy(held_out.x), torch.from_numpy(rows.x.astype(np.float32)))


@pytest.mark.parametrize("name", SIZES)
def test_test_images_never_enter_the_stream(name: str, data: Path) -> None:
    stream = stream_of(name, data)
    assert isinstance(stream, ImageStream)
    trained = images_of(records_of(stream))
    for task in stream._tasks.values():
        assert not any(image.tobytes() in trained for image in task.see(task.test.x))


def test_a_sample_of_the_test_images_is_a_part_of_them(data: Path) -> None:
    stream = stream_of("pmnist", data)
    whole, some = stream.held_out("permutation-01"), stream.held_out("permutation-01", rows=20)
    assert (len(whole.y), len(some.y)) == (TEST, 20)
    rows = {row.tobytes(): label for row, label in zip(whole.x, whole.y, strict=True)}
    assert [rows[row.tobytes()] for row in some.x] == some.y.tolist()


def test_to_validate_a_sixth_of_the_training_images_stands_for_the_test_images(data: Path, tmp_path: Path) -> None:
    (tmp_path / "mnist").mkdir()
    for part in ("images-idx3", "labels-idx1"):  # the test files are not even there
        name = f"train-{part}-ubyte.gz"
        (tmp_path / "mnist" / name).symlink_to(data / "mnist" / name)
    train, test = read_images(tmp_path, "mnist", validate=True)
    every, _ = read_images(data, "mnist", validate=False)
    assert (len(train), len(test)) == (TRAIN * 5 // 6, TRAIN // 6)
    assert np.concatenate([train.x, test.x]).tolist() == every.x.tolist()
