"""Writes the pictures of docs/page.md: ``python -m tests.browser.page_pictures`` learns the plant for them."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from PIL import Image

from daemon.config.schema import Config
from daemon.service import Service
from tests.browser.chromium import Chromium

DOCS = Path(__file__).parents[2] / "docs"
EVENTS, SHOWN = 28_000, 26_000
EVERYWHERE = {"every_blocks": 1, "every_examinations": 1}
PHONE_WIDTH, PHONE_HEIGHT = 375, 1_240
COLOURS = 128


def main() -> None:
    """Learn until the plant's last regime, and look at the page, wide and on a phone."""
    with tempfile.TemporaryDirectory() as state, Service(plant(Path(state))) as service, Chromium() as browser:
        browser.screen(width=1280)
        browser.open(service.http.address)
        while service.loop.pipeline.events < SHOWN:
            service.turn()
        browser.until(f"return {SHOWN} <= +document.querySelectorAll('.value')[3].textContent.replace(',', '')")
        take(browser, "page.png", width=1280, height=None, phone=False)
        take(browser, "page-phone.png", width=PHONE_WIDTH, height=PHONE_HEIGHT, phone=True)


def take(browser: Chromium, name: str, *, width: int, height: int | None, phone: bool) -> None:
    browser.screen(width=width, phone=phone)
    browser.until("return document.querySelector('#curves svg').getBoundingClientRect().right <= innerWidth")
    browser.screen(width=width, height=height or browser.run("return document.body.scrollHeight"), phone=phone)
    taken = io.BytesIO()
    browser.picture(taken)
    Image.open(taken).convert("RGB").quantize(COLOURS).save(DOCS / name, optimize=True)


def plant(state: Path) -> Config:
    return Config.model_validate(
        {
            "name": "plant",
            "source": {"type": "plant", "events": EVENTS},
            "decoder": {
                "type": "json",
                "features": [f"s{n}" for n in range(1, 9)],
                "label": "fault",
                "task": "regime",
            },
            "label": {"max_classes": 6},
            "tasks": {"type": "field"},
            "learner": {"batch": 16},
            "strategies": [{"type": "replay"}, {"type": "ewc"}],
            "companions": {"naive": EVERYWHERE, "frozen": EVERYWHERE},
            "retention": {"probe_share": 0.05, "every_events": 250},
            "checkpoint": {"directory": str(state)},
            "http": {"port": 0},
        }
    )


if __name__ == "__main__":
    main()
