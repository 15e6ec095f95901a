"""Helm, where it is: on the path, or built by `make helm`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

BUILT = Path(__file__).parents[3] / ".cache" / "bin"


@pytest.fixture(scope="module", autouse=True)
def _what_was_built_is_on_the_path() -> Iterator[None]:
    # Last, so that the machine's own helm comes first.
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", os.pathsep.join([os.environ["PATH"], str(BUILT)]))
        yield


@pytest.fixture(scope="module")
def helm() -> str:
    return shutil.which("helm") or pytest.skip("helm renders the chart: install helm 3, or `make helm` (with Go)")
