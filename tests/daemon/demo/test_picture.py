from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from daemon.demo.picture import picture
from daemon.plots.png import write_png

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.demo.learning import Learned


def test_the_title_says_the_finding(both: tuple[Learned, Learned]) -> None:
    texts = " ".join(text.get_text() for text in picture(*both).texts)
    for learned in both:
        assert f"{learned.figures.average_score:.0%}" in texts


def test_each_panel_shows_each_regime_as_it_was_measured(both: tuple[Learned, Learned]) -> None:
    _, *panels = picture(*both).axes
    for axes, learned in zip(panels, both, strict=True):
        assert learned.name in axes.get_title(loc="left")
        drawn = [line.get_xydata() for line in axes.lines]
        for task in range(len(learned.regimes)):
            curve = np.array([(evaluation.events, evaluation.scores[task]) for evaluation in learned.course])
            assert any(np.array_equal(np.asarray(line), curve, equal_nan=True) for line in drawn)


def test_the_file_is_small_and_wide_enough_to_read(both: tuple[Learned, Learned], tmp_path: Path) -> None:
    path = tmp_path / "retention.png"
    write_png(picture(*both), path)
    assert path.stat().st_size < 200_000
    with Image.open(path) as image:
        image.load()
        assert image.format == "PNG"
        assert image.width == 1800
        assert 1000 < image.height < 1800
        assert len(image.convert("RGB").getcolors(1_000) or []) > 20
