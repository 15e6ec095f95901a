"""Figures as small files."""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image  # matplotlib brings it along and writes its own files with it

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure


def png(figure: Figure) -> bytes:
    """Return a figure as PNG with 256 colours, a third of the size of the full range."""
    drawn, small = BytesIO(), BytesIO()
    with warnings.catch_warnings():
        # A name may be in a script that the font lacks; it is drawn as boxes, and stands in the text beside it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(drawn, format="png")
    with Image.open(drawn) as image:
        image.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(small, format="PNG", optimize=True)
    return small.getvalue()


def write_png(figure: Figure, path: Path) -> None:
    """Write a figure as a PNG file."""
    path.write_bytes(png(figure))
