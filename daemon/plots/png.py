"""Figures as small files."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image  # matplotlib brings it along and writes its own files with it

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure


def write_png(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG file with 256 colours, a third of the size of the full range."""
    drawn = BytesIO()
    figure.savefig(drawn, format="png")
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, format="PNG", optimize=True)
