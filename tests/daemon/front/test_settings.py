"""What the process that answers HTTP is told, and whose classes it may be given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from daemon.build.server import front_settings, own_packages
from daemon.config.errors import ConfigError
from daemon.config.schema import Config
from daemon.front.settings import FrontSettings
from daemon.service import Service
from daemon.serving.packed import PACKAGES
from tests.daemon.event_stream import Stretch, json_lines
from tests.daemon.lives import SMALL, small_config
from tests.daemon.serving.test_packing import again

if TYPE_CHECKING:
    from pathlib import Path

OWN = {"type": "tests.daemon.front.own_model:Own"}


def config(directory: Path, **sections: Any) -> Config:
    (directory / "stream.jsonl").write_bytes(json_lines([Stretch("P", 60)]))
    source = {"type": "file", "path": str(directory / "stream.jsonl")}
    return small_config(directory, source=source, http={"port": 0}, model=OWN, **sections)


def test_what_is_told_comes_as_it_was(tmp_path: Path) -> None:
    told = front_settings(config(tmp_path, serving={"max_rows": 7}))
    assert told.serving is not None
    assert (told.serving.max_rows, told.serving.packages) == (7, ("tests",))
    there = FrontSettings.from_json(told.to_json())
    assert FrontSettings.from_json(there.to_json()) == there
    assert there.to_json() == told.to_json()


def test_a_model_of_ones_own_is_copied_where_its_package_is_named(tmp_path: Path) -> None:
    own = config(tmp_path, committee=None)
    assert own_packages(own) == {"tests"}
    assert own_packages(Config.model_validate(SMALL | {"checkpoint": {"directory": "unused"}})) == frozenset()
    with Service(own) as service:
        service.run(stop=lambda: False)
        predictor = service.loop.pipeline.event_predictor(copied=True)
    there = again(predictor, packages=PACKAGES | own_packages(own))
    assert type(there.predictor.model._network.module).__name__ == "Own"


def test_a_class_of_no_known_package_is_a_mistake_in_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.build.serving.own_packages", lambda _: frozenset())
    with (
        Service(config(tmp_path, committee=None, serving={"every_seconds": 1e-6, "max_share": 1.0})) as service,
        pytest.raises(ConfigError, match=r"serving: .*own_model:Own is of none of the packages"),
    ):
        service.run(stop=lambda: False)
