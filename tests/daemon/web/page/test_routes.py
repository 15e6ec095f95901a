from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.daemon.web.threaded import front

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = re.compile(r"""(?:src|href)="([^"#]+)"|from "\./([^"]+)\"""")


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with front() as server, httpx.Client(base_url=server.address, trust_env=False) as client:
        yield client


def all_files(client: httpx.Client) -> dict[str, httpx.Response]:
    """Every file of the page, found as a browser finds them: through what names it."""
    found = {"/": client.get("/")}
    waiting = ["/"]
    while waiting:
        for link, module in FILE.findall(found[waiting.pop()].text):
            path = f"/page/{module}" if module else f"/{link}"
            if path.startswith("/page/") and path not in found:
                found[path] = client.get(path)
                waiting.append(path)
    return found


def test_every_file_that_the_page_names_is_there_and_nothing_else_may_be_loaded(client: httpx.Client) -> None:
    files = all_files(client)
    assert len(files) > 10
    for path, answer in files.items():
        assert answer.status_code == 200, path
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_file_has_script_or_style_in_its_markup_or_makes_markup_of_text(client: httpx.Client) -> None:
    for path, answer in all_files(client).items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", answer.text), path
        assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=\"", answer.text), path


def test_a_browser_that_has_a_file_is_told_so(client: httpx.Client) -> None:
    first = client.get("/page/main.js")
    again = client.get("/page/main.js", headers={"If-None-Match": first.headers["etag"]})
    assert (first.headers["content-type"], again.status_code, again.content) == (
        "text/javascript; charset=utf-8",
        304,
        b"",
    )


def test_only_the_files_of_the_page_are_served(client: httpx.Client) -> None:
    for path in ("/page/", "/page/index.html", "/page/routes.py", "/page/../routes.py", "/page/%2e%2e/routes.py"):
        assert client.get(path).status_code == 404, path


def test_the_history_is_json_before_there_is_any(client: httpx.Client) -> None:
    answer = client.get("/page/history")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["learners"] == {}
