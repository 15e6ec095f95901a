"""The page in a real browser, before a real daemon that learns the simulated plant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest

from daemon.build.load import load_bytes
from daemon.config.schema import Config
from daemon.loop.poll_size import PollSize
from daemon.service import Service
from tests.browser.chromium import MISSING, Chromium, chromium_is_there
from tests.browser.contrast import CONTRASTS, LEAST_CONTRAST
from tests.daemon.event_stream import Stretch, events
from tests.daemon.lives import small_config
from tests.daemon.poisoned_stream import LEARNS, poisoned
from tests.daemon.telemetry.persistent_labels import learn_until, persistent

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(not chromium_is_there(), reason=MISSING)

HOSTILE = "<img src=x onerror=document.title='run'>"
EVERYWHERE = {"every_blocks": 1, "every_examinations": 1}


@pytest.fixture(scope="module")
def browser() -> Iterator[Chromium]:
    with Chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A daemon that has learned the plant to its end, and still serves."""
    with Service(plant(tmp_path_factory.mktemp("state"))) as service:
        service.run(stop=lambda: False)
        yield service


@pytest.fixture
def page(browser: Chromium, learned: Service) -> Chromium:
    """The page of that daemon, wide and light."""
    browser.screen(width=1280)
    browser.scheme("light")
    browser.open(learned.http.address)
    browser.until("return document.querySelector('#matrix-main td.own')")
    return browser


def plant(state: Path, *, naive: dict[str, int] = EVERYWHERE) -> Config:
    return Config.model_validate(
        {
            "name": "plant",
            "source": {"type": "plant", "events": 2_100},
            "decoder": {
                "type": "json",
                "features": [f"s{n}" for n in range(1, 9)],
                "label": "fault",
                "task": "regime",
            },
            "label": {"max_classes": 6},
            "tasks": {"type": "field"},
            "model": {"type": "mlp", "hidden": [16]},
            "strategies": [{"type": "replay", "rows": 300}, {"type": "ewc", "fisher_rows": 50}],
            "companions": {"naive": naive, "frozen": EVERYWHERE},
            "retention": {"probe_share": 0.1, "every_events": 100, "min_segment_events": 50},
            "checkpoint": {"directory": str(state)},
            "http": {"port": 0},
        }
    )


def status(service: Service) -> dict[str, Any]:
    shown: dict[str, Any] = httpx.get(f"{service.http.address}/status", trust_env=False).json()
    return shown


def cells(browser: Chromium, selector: str) -> list[list[str]]:
    found: list[list[str]] = browser.run(
        "return [...document.querySelectorAll(arguments[0])]"
        ".map((row) => [...row.cells].map((cell) => cell.innerText.trim()))",
        selector,
    )
    return found


def test_the_matrix_shows_the_scores_of_status(page: Chromium, learned: Service) -> None:
    now = status(learned)
    assert cells(page, "#matrix-main thead tr") == [["after", *now["tasks"]]]
    rows = cells(page, "#matrix-main tbody tr")
    wanted = [
        *now["retention"]["matrix"].values(),
        {task: of["score"] for task, of in now["retention"]["tasks"].items()},
    ]
    assert len(rows) == len(wanted) == 7
    for (name, *shown), scores in zip(rows, wanted, strict=True):
        for task, text in zip(now["tasks"], shown, strict=True):
            assert (text == "") == (task not in scores), (name, task)
            assert text == "" or abs(float(text) - 100 * scores[task]) <= 0.5, (name, task)
    assert [name for name, *_ in rows] == [
        "1 warm_up", "2 base_load", "3 peak_load", "4 part_load", "5 night", "6 base_load", "now",
    ]  # fmt: skip


def test_a_companion_is_shown_next_to_the_model_and_another_can_take_its_place(
    page: Chromium, learned: Service
) -> None:
    for name in ("naive", "frozen"):
        page.run("document.querySelector(`input[value=${arguments[0]}]`).click()", name)
        shown = status(learned)["companions"][name]
        companion, lead = shown["retention"], 100 * shown["lead"]["average"]["lead"]
        said = f"{abs(lead):.1f} points {'behind' if lead < 0 else 'ahead of'} {name} companion"
        assert said in page.text("#tiles")
        assert f"{100 * companion['average_score']:.1f} %" in page.text("#curves")
        *_, last = cells(page, f"#matrix-{name} tbody tr")
        for text, of in zip(last[1:], companion["tasks"].values(), strict=True):
            assert abs(float(text) - 100 * of["score"]) <= 0.5
        assert page.run("return document.querySelectorAll('#curves figure').length") == 2


def test_memory_stream_and_notes_tell_what_status_tells(page: Chromium, learned: Service) -> None:
    now = status(learned)
    for task, rows in now["buffers"]["replay"].items():
        assert f"{task}\n{rows}\n" in page.text("#memory").replace("\n\n", "\n")
    assert f"{now['events']:,}" in page.text("#tiles")
    assert "night ended after 1,500 events" in page.text("#notes")
    assert "Generation" in page.text("#notes")
    described = page.run("return [...document.querySelectorAll('#flows [role=img]')].map((each) => each.ariaLabel)")
    assert described[-1].startswith("Lag, records: 0 now")
    assert "Lag\n0\nat the end of the stream" in page.text("#tiles").replace("\n\n", "\n")
    page.run("document.querySelector('summary').click()")
    assert cells(page, "#partitions tbody tr")[0][:4] == ["plant 0", "2,100", "2,100", "0"]


def test_a_naive_companion_that_has_missed_events_is_not_shown_beside_the_model(
    browser: Chromium, tmp_path: Path
) -> None:
    with Service(plant(tmp_path, naive=EVERYWHERE | {"every_blocks": 2})) as service:
        service.run(stop=lambda: False)
        browser.screen(width=1280)
        browser.leave()
        browser.open(service.http.address)
        browser.until("return document.querySelector('#matrix-main td.own')")
        assert browser.run("return [...document.querySelectorAll('#companions input')].map((i) => i.value)") == [
            "frozen"
        ]
        assert "naive" not in browser.text("#tiles")


def test_advice_stands_on_top_until_it_does_not_hold_any_more(
    browser: Chromium, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(PollSize, "max_records", 60)
    with Service(persistent(tmp_path)) as service:
        learn_until(service, events=3_000)
        browser.screen(width=320, phone=True)
        browser.leave()
        browser.open(service.http.address)
        browser.until("return !document.querySelector('#advice').hidden")
        said = next(each for each in status(service)["advice"] if each["reference"] == "no_change")
        assert f"below no-change since {said['since_events']:,} events" in browser.text("#advice")
        assert said["remedy"] in browser.text("#advice")
        assert min(browser.run(CONTRASTS, "#advice *")) >= LEAST_CONTRAST
        assert width_of(browser) == 320
        service.run(stop=lambda: False)
        browser.until("return document.querySelector('#advice').hidden")


def test_it_is_live_and_its_curves_grow(browser: Chromium, tmp_path: Path) -> None:
    length = "return (document.querySelector('#curves .line')?.getAttribute('d') ?? '').length"
    with Service(plant(tmp_path)) as service:
        browser.leave()
        browser.open(service.http.address)
        browser.until("return document.querySelector('#state').textContent === 'Waiting for the first event'")
        assert browser.run("return document.querySelector('#retention-body').hidden")
        while service.loop.pipeline.events < 600:
            service.turn()
        service.loop.save()
        before = browser.until(length)
        service.run(stop=lambda: False)
        browser.until(f"{length} > arguments[0]", before)
        browser.until("return document.querySelector('#tiles').innerText.includes('2,100')")
    browser.until("return document.querySelector('#state').textContent.startsWith('No answer from the daemon.')")
    browser.open("about:blank")
    browser.console()  # that it had nobody to ask any more


def test_names_from_the_stream_are_text_and_nothing_else(browser: Chromium, tmp_path: Path) -> None:
    names = [HOSTILE, "__proto__", "long" * 60 + "\N{RIGHT-TO-LEFT OVERRIDE}\N{ZERO WIDTH SPACE}\U000e0041"]
    shown = [HOSTILE, "__proto__", "long" * 60 + r"\u202e\u200b\U000e0041"]
    path = tmp_path / "stream.jsonl"
    lines = [
        json.loads(event.value or b"")
        for event in events([Stretch("P", 60), Stretch("Q", 60), Stretch("R", 60)], seed=1)
    ]
    renamed = [json.dumps(line | {"task": names["PQR".index(line["task"])], HOSTILE: "text"}) for line in lines]
    path.write_text("\n".join(renamed) + "\n")
    config = small_config(tmp_path, source={"type": "file", "path": str(path)}, http={"port": 0})
    with Service(config) as service:
        service.run(stop=lambda: False)
        browser.screen(width=320, phone=True)
        browser.leave()
        browser.open(service.http.address)
        browser.until("return document.querySelector('#matrix-main td.own')")
        assert browser.run("return document.images.length") == 0
        assert cells(browser, "#matrix-main thead tr") == [["after", *shown]]
        assert status(service)["tasks"] == names
        assert httpx.get(f"{service.http.address}/status", trust_env=False).text.isprintable()
        assert cells(browser, "#tasks tbody tr")[1][0] == "__proto__"
        assert f"{HOSTILE} ended after 60 events" in browser.text("#notes")
        assert browser.text("#fields-title").startswith("1 field left out, ")
        browser.run("document.querySelector('#fields-title').click()")
        assert browser.text("#fields-left dt") == HOSTILE
        assert browser.text("#fields-left dd") == status(service)["left_out"][HOSTILE]
        assert browser.run("return document.title.endsWith(' · retaind')")
        assert width_of(browser) == 320
        assert browser.console() == []


def test_what_is_done_about_a_retention_budget_is_told(browser: Chromium, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_bytes(b"\n".join(poisoned()) + b"\n")
    source = f"source: {{type: file, path: {tmp_path}/events.jsonl}}\n"
    text = source + LEARNS.format(directory=tmp_path, remedies="[freeze]")
    with Service(load_bytes(text.encode(), file="test.yaml", environ={})) as service:
        service.loop._poll_size = PollSize(first=50, most=50)
        service.run(stop=lambda: budget_stage(service) == "freeze")
        service.loop.save()
        browser.screen(width=320, phone=True)
        browser.leave()
        browser.open(service.http.address)
        browser.until("return !document.querySelector('#budget').hidden")
        told, now = dict(cells(browser, "#budget-rows tr")), status(service)["budget"]
        assert now["stage"] == "freeze"
        assert told["Now"] == "Nothing is learned"
        assert told["Because of"] == ", ".join(now["causes"]) == "good"
        assert told["May be lost: good"] == "5.0 points"
        assert told["So far: freeze"] == str(now["entered"]["freeze"])
        assert "Predicting only: a retention budget is passed" in browser.text("header")
        assert min(browser.run(CONTRASTS, "#budget *")) >= LEAST_CONTRAST
        assert width_of(browser) == 320
        assert browser.console() == []


def budget_stage(service: Service) -> str:
    budget = service.loop.pipeline.snapshot().budget
    return "" if budget is None else budget.stage


def test_labels_that_come_later_and_intervals_are_told(browser: Chromium, tmp_path: Path) -> None:
    path = tmp_path / "walk.jsonl"
    walk = np.cumsum(np.random.default_rng(0).normal(size=400)).tolist()
    lines = [json.dumps({"a": value, "at": 1_700_000_000 + 600 * row}) for row, value in enumerate(walk)]
    path.write_text("\n".join(lines) + "\n")
    sections = {
        "source": {"type": "file", "path": str(path)},
        "decoder": {"type": "json", "time": "at"},
        "label": {"from": "stream", "field": "a", "ahead": 3, "coverage": 0.8},
        "anomalies": {"one_in": 50, "window": 200},
        "checkpoint": {"directory": str(tmp_path / "state")},
        "http": {"port": 0},
    }
    with Service(Config.model_validate(sections)) as service:
        service.run(stop=lambda: False)
        browser.screen(width=320, phone=True)
        browser.leave()
        browser.open(service.http.address)
        browser.until("return !document.querySelector('#answers-card').hidden")
        told = dict(cells(browser, "#answers tbody tr"))
        now = status(service)
        assert told["Events that wait for a label"] == str(now["labels"]["waiting_rows"]) == "3"
        assert told["Labels: learned"] == "397"
        assert "Score, labels up to 60 min late" in told
        ((task, interval),) = now["intervals"].items()
        assert told[f"Interval, {task}"].startswith(f"{100 * interval['coverage']:.1f} %, ")
        odd = now["anomalies"]
        assert odd["anomalies"] > 0
        assert told["Anomalies"] == str(odd["anomalies"])
        assert told["Odd events"] == f"{odd['odd']} of {odd['scored']}"
        assert min(browser.run(CONTRASTS, "#answers *")) >= LEAST_CONTRAST
        strokes = browser.run(
            "return [...document.querySelectorAll('#ages-plot .line')].map((each) => getComputedStyle(each).stroke)"
        )
        assert len(strokes) == 2
        assert "none" not in strokes
        assert width_of(browser) == 320
        assert browser.console() == []


def test_each_of_several_targets_is_told_and_the_page_is_of_the_one_that_is_chosen(
    browser: Chromium, tmp_path: Path
) -> None:
    path = tmp_path / "walk.jsonl"
    walk = np.cumsum(np.random.default_rng(0).normal(size=400)).tolist()
    path.write_text("".join(json.dumps({"a": value}) + "\n" for value in walk))
    sections = {
        "source": {"type": "file", "path": str(path)},
        "decoder": {"type": "json"},
        "targets": [{"field": "a", "ahead": 1, "coverage": 0.8}, {"field": "a", "ahead": 24, "as": "sign"}],
        "committee": None,
        "retention": {"every_events": 100, "probe_share": 0.1},
        "checkpoint": {"directory": str(tmp_path / "state")},
        "http": {"port": 0},
    }
    with Service(Config.model_validate(sections)) as service:
        service.run(stop=lambda: False)
        browser.screen(width=320, phone=True)
        browser.leave()
        browser.open(service.http.address)
        browser.until("return document.querySelectorAll('#targets tbody tr').length === 2")
        near, far = cells(browser, "#targets tbody tr")
        assert (near[0], near[-1]) == ("a+1", "1")
        assert (far[0], far[-2:]) == ("a+24:sign", ["–", "24"])
        assert far[1].endswith(" %")
        told = status(service)["targets"]
        assert near[3] == f"{100 * told['a+1']['intervals']['stream']['coverage']:.1f} %"
        assert dict(cells(browser, "#answers tbody tr"))["Events that wait for a label"] == "1"
        browser.run("document.querySelector('#targets input[value=\"a+24:sign\"]').click()")
        assert dict(cells(browser, "#answers tbody tr"))["Events that wait for a label"] == "24"
        browser.until("return document.querySelectorAll('#curves svg').length > 0")
        assert min(browser.run(CONTRASTS, "#targets *")) >= LEAST_CONTRAST
        shown = httpx.get(f"{service.http.address}/metrics", trust_env=False).text.splitlines()
        counted = [line for line in shown if line.startswith("retaind_events_predicted_total")]
        assert counted == [f'retaind_events_predicted_total{{target="{name}"}} 400.0' for name in told]
        assert width_of(browser) == 320
        assert browser.console() == []


def width_of(browser: Chromium) -> int:
    """How many pixels wide the page is. A phone's browser makes `innerWidth` as wide: that tells nothing."""
    wide: int = browser.run("return document.documentElement.scrollWidth")
    return wide


@pytest.mark.parametrize("width", [320, 375, 768])
def test_a_narrow_screen_never_scrolls_sideways(page: Chromium, width: int) -> None:
    page.screen(width=width, phone=True)
    page.until("return document.querySelector('#curves svg').getBoundingClientRect().right <= arguments[0]", width)
    assert width_of(page) == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground_in_either_scheme(page: Chromium, scheme: str) -> None:
    page.scheme(scheme)
    dark = page.run("return getComputedStyle(document.body).backgroundColor") == "rgb(14, 17, 21)"
    assert dark == (scheme == "dark")
    cell, words = (
        ".matrix td.low, .matrix td.high, .matrix th",
        ".muted, .state, .tile *, .tag, a, label span, .note *",
    )
    contrasts = page.run(CONTRASTS, f"{cell}, {words}")
    assert len(contrasts) > 50
    assert min(contrasts) >= LEAST_CONTRAST


def test_the_keyboard_goes_through_the_page_in_its_order(page: Chromium) -> None:
    stops = []
    for _ in range(13):
        page.press("Tab")
        stops.append(page.run(
            "const at = document.activeElement;"
            "return at.ariaLabel ?? at.getAttribute('aria-labelledby') ?? at.value ?? at.innerText"
        ))  # fmt: skip
    assert stops == [
        "Skip to retention",
        "naive",
        "Retention curves, This model: place in the stream",
        "Retention curves, Naive companion: place in the stream",
        "tasks-caption",
        "Retention matrix, This model",
        "Retention matrix, Naive companion",
        "Partitions",
        "notes-title",
        "/metrics",
        "/status",
        "/readyz",
        "/livez",
    ]


def test_arrow_keys_read_the_curves_at_every_place(page: Chromium) -> None:
    place = "return document.activeElement.getAttribute('aria-valuetext')"
    page.run("document.querySelector('[role=slider]').focus()")
    assert page.run(place).startswith("now: warm_up ")
    page.press("Home")
    first = page.run(place)
    assert first.startswith("at ")
    assert page.text("#tasks-caption").startswith("Scores at ")
    page.press("Right")
    assert page.run(place) != first
    page.press("Left")
    assert page.run(place) == first
    page.press("Escape")
    assert page.text("#tasks-caption") == "Scores now"


def test_everything_that_is_operated_or_drawn_has_a_name(page: Chromium) -> None:
    nodes = page.devtools("Accessibility.getFullAXTree")["nodes"]
    wanted = {"slider", "image", "region", "table", "radio", "link", "heading", "group", "navigation"}
    named = {}
    for node in nodes:
        role = node.get("role", {}).get("value")
        if role in wanted and not node.get("ignored"):
            named.setdefault(role, []).append(node.get("name", {}).get("value", ""))
    assert {"slider", "image", "region", "table", "radio", "link", "heading"} <= named.keys()
    assert not {role: names for role, names in named.items() if "" in names and role != "group"}


def test_it_says_nothing_on_the_console_and_asks_no_other_host(page: Chromium, learned: Service) -> None:
    page.console()
    page.requested()
    page.open(learned.http.address)
    page.until("return document.querySelector('#matrix-main td.own')")
    asked = page.requested()
    assert f"{learned.http.address}/page/history" in asked
    assert [url for url in asked if not url.startswith(f"{learned.http.address}/")] == []
    assert page.console() == []
