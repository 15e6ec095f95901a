"""Files as people have them."""

from __future__ import annotations

import csv
import io
import json
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 240


def _csv(
    header: list[str] | None, row: Callable[[int, random.Random], list[Any]], *, delimiter: str = ","
) -> bytes:
    draw, out = random.Random(1), io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n")
    writer.writerows([header] if header else [])
    writer.writerows(row(n, draw) for n in range(ROWS))
    return out.getvalue().encode()


def _noise(draw: random.Random) -> str:
    return f"{draw.gauss(5, 2):.3f}"


def plain() -> bytes:
    return _csv(["x", "y", "class"], lambda n, d: [_noise(d), _noise(d), "up" if n % 3 else "down"])


def semicolons_with_a_byte_order_mark() -> bytes:
    text = _csv(
        ["Zeit", "Gerät", "Temp", "Zustand"],
        lambda n, d: [
            f"2024-01-{1 + n // 24:02d}T{n % 24:02d}:00:00",
            f"a;{n % 5}",
            _noise(d),
            "gut" if n % 2 else "rot",
        ],
        delimiter=";",
    )
    return b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")


def european() -> bytes:
    return _csv(
        ["Menge", "Preis", "Klasse"],
        lambda n, d: [d.randint(1, 50), f"1.{d.randint(100, 999)},{d.randint(10, 99)}", "AB"[n % 2]],
        delimiter=";",
    )


def without_a_header() -> bytes:
    return _csv(None, lambda n, d: [_noise(d), _noise(d), d.randint(0, 9), "ab"[n % 2]])


def numbered_columns() -> bytes:
    return _csv(["0", "1", "class"], lambda n, d: [_noise(d), _noise(d), n % 2])


def line_breaks_in_quotes() -> bytes:
    return _csv(
        ["note", "x", "label"], lambda n, d: ["two\nlines, one value", _noise(d), "up" if n % 2 else "down"]
    )


def many_classes_gaps_and_words() -> bytes:
    return _csv(
        ["temp", "pressure", "material", "fault"],
        lambda n, d: [
            _noise(d),
            "NA" if n % 9 == 0 else _noise(d),
            "steel" if n % 2 else "brass",
            f"F{n % 40:02d}",
        ],
    )


def a_gap_that_is_a_class_too() -> bytes:
    return _csv(
        ["x", "z", "fault"],
        lambda n, d: ["none" if n % 9 == 0 else _noise(d), _noise(d), "none" if n % 3 else "leak"],
    )


def sentinels_and_row_numbers() -> bytes:
    return _csv(
        ["", "date", "CO", "grade"],
        lambda n, d: [
            n,
            f"2024-03-{1 + n % 28:02d}",
            -200 if n % 20 == 7 else _noise(d),
            "low" if n % 2 else "high",
        ],
    )


def hardly_any_labels() -> bytes:
    return _csv(
        ["a", "b", "inspected"], lambda n, d: [_noise(d), _noise(d), "" if n % 5 else "ok" if n % 2 else "bad"]
    )


def a_series_alone() -> bytes:
    return _csv(
        ["timestamp", "value"],
        lambda n, d: [f"2014-07-{1 + n // 48:02d} {n // 2 % 24:02d}:{30 * (n % 2):02d}:00", _noise(d)],
    )


def the_answer_twice() -> bytes:
    return _csv(["x", "class_code", "class"], lambda n, d: [_noise(d), n % 2, ("no", "yes")[n % 2]], delimiter="\t")


def columns_of_one_name() -> bytes:
    return _csv(["a", "a", "label"], lambda n, d: [_noise(d), _noise(d), "pn"[n % 2]])


def names_that_yaml_would_read() -> bytes:
    return _csv(
        ["on", "${HOME}", "a: b # c", "y"], lambda n, d: [_noise(d), _noise(d), _noise(d), ("no", "yes")[n % 2]]
    )


def one_name_is_an_injection() -> bytes:
    return _csv(
        ["x\nhttp: {host: 0.0.0.0}", "words\nseed: 7", "label"], lambda n, d: [_noise(d), f"w{n}", "pn"[n % 2]]
    )


def nested_json() -> bytes:
    draw = random.Random(1)
    events = (
        {
            "row": n, "device": f"d{n % 5}", "ts": 1_700_000_000_000 + 1000 * n,
            "mode": ("night", "day")[n // 100 % 2],
            "data": {"x": draw.gauss(0, 1), "on": n % 3 == 0, "tags": [1, 2]}, "state": ("good", "bad")[n % 2],
        } | ({"late": n / 3} if n > 20 else {})
        for n in range(ROWS)
    )  # fmt: skip
    return b"".join(json.dumps(event).encode() + b"\n" for event in events)


def nanoseconds() -> bytes:
    return _csv(
        ["t", "device_id", "v", "target"],
        lambda n, d: [1_700_000_000 * 10**9 + n * 10**9, 1000 + n % 7, _noise(d), _noise(d)],
    )
