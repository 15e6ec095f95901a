"""A real Chromium, driven through chromedriver by plain HTTP (W3C WebDriver and the DevTools protocol)."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import time
from typing import IO, TYPE_CHECKING, Any, Self

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

DEADLINE_SECONDS = 30.0
PAUSE_SECONDS = 0.03
MISSING = "no Chromium to test with: install it (Debian: apt-get install chromium chromium-driver)"
OPTIONS = {
    # Without a sandbox, since tests may run as root, where Chromium has none; it only ever shows our own page.
    "args": ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--window-size=1280,900",
             "--disable-background-networking", "--disable-component-update", "--no-first-run"],
}  # fmt: skip
KEYS = {"Tab": "\ue004", "Left": "\ue012", "Right": "\ue014", "Home": "\ue011", "Escape": "\ue00c"}


def chromium_is_there() -> bool:
    return shutil.which("chromium") is not None and shutil.which("chromedriver") is not None


class Chromium:
    """A browser with one window; as a context, it is gone at the end."""

    def __enter__(self) -> Self:
        self._driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            self._client = httpx.Client(base_url=self._address(), trust_env=False, timeout=60.0)
            self._session = self._start()
        except BaseException:
            self._driver.kill()
            self._driver.communicate()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._client.delete(f"/session/{self._session}")
        self._client.close()
        self._driver.terminate()
        self._driver.communicate()

    def open(self, url: str) -> None:
        self._post("url", url=url)

    def leave(self) -> None:
        """Leave the page, and forget what it has said: it goes on asking a server that may be gone."""
        self.open("about:blank")
        self.console()

    def run(self, script: str, *arguments: Any) -> Any:
        """Run the body of a function in the page and return its value."""
        return self._post("execute/sync", script=script, args=list(arguments))

    def press(self, *keys: str) -> None:
        """Press keys one after another, by name."""
        strokes = [{"type": kind, "value": KEYS[key]} for key in keys for kind in ("keyDown", "keyUp")]
        self._post("actions", actions=[{"type": "key", "id": "keys", "actions": strokes}])

    def until(self, script: str, *arguments: Any, meanwhile: Callable[[], object] = lambda: None) -> Any:
        """Wait until a script returns something true, and return that; fail after a deadline."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not (value := self.run(script, *arguments)):
            assert time.monotonic() < deadline, f"never true: {script}\n{self.text()}"
            meanwhile()
            time.sleep(PAUSE_SECONDS)
        return value

    def text(self, selector: str = "body") -> str:
        """The text that is shown of the first element that the selector finds."""
        text: str = self.run("return document.querySelector(arguments[0]).innerText", selector)
        return text

    def devtools(self, command: str, **parameters: Any) -> Any:
        """Send a command of the DevTools protocol."""
        return self._post("goog/cdp/execute", cmd=command, params=parameters)

    def screen(self, *, width: int, height: int = 900, dots: float = 1.0, phone: bool = False) -> None:
        """Make the page so large, in CSS pixels."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=dots, mobile=phone
        )

    def scheme(self, name: str) -> None:
        """Let the user prefer a `light` or `dark` colour scheme."""
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def picture(self, file: IO[bytes]) -> None:
        """Write what is on the screen as a PNG."""
        file.write(base64.b64decode(self.devtools("Page.captureScreenshot", format="png")["data"]))

    def console(self) -> list[str]:
        """What the console has said since the last call, warnings and errors."""
        return [f"{entry['level']}: {entry['message']}" for entry in self._log("browser")]

    def requested(self) -> list[str]:
        """The URLs that were asked for since the last call."""
        messages = [json.loads(entry["message"])["message"] for entry in self._log("performance")]
        return [
            each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"
        ]

    def _log(self, kind: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._post("se/log", type=kind)
        return entries

    def _address(self) -> str:
        assert self._driver.stdout is not None
        for line in self._driver.stdout:
            if found := re.search(r"started successfully on port (\d+)", line):
                return f"http://127.0.0.1:{found[1]}"
        raise AssertionError("chromedriver did not start")

    def _start(self) -> str:
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": OPTIONS,
            "goog:loggingPrefs": {"browser": "WARNING", "performance": "ALL"},
        }
        answer = self._client.post("/session", json={"capabilities": {"alwaysMatch": wanted}}).json()["value"]
        assert "sessionId" in answer, answer
        session: str = answer["sessionId"]
        return session

    def _post(self, command: str, **parameters: Any) -> Any:
        answer = self._client.post(f"/session/{self._session}/{command}", json=parameters).json()["value"]
        assert not (isinstance(answer, dict) and "error" in answer), answer
        return answer
