"""Payloads as nobody should write them: sound events, spoiled in the ways that formats and producers know."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from tests.fuzz.schemas import as_avro, as_protobuf

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FIELDS = ("a", "b", "c")


class Draws(Protocol):
    """The part of ``random.Random`` that is used, so that Hypothesis can stand in for it."""

    def random(self) -> float:
        """Return a number from 0 to 1."""

    def randrange(self, stop: int, /) -> int:
        """Return a whole number below ``stop``."""

    def choice(self, those: Sequence[Any], /) -> Any:
        """Return one of those."""


TEXTS = (
    "", " ", "ok", "Ok ", "warn", "fault", "1", "1.0", "1e400", "nan", "-inf", "1,5", "null", "true", "\x00",
    "\x1b[2J", "\u202egnp.exe", "\u200b", "\ud7ff\U0010ffff", "e\u0301" * 40, "__other__", "__proto__", "<b>",
    "'; drop", "${HOME}", "../../etc/passwd", "ß" * 200, "long" * 100, "\n", "a\tb", '"', "{}", "%s%n", "\ufeff",
)  # fmt: skip
NUMBERS = (
    0, -0.0, 1, -1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 2**64, 10**30, 1e308, -1e308, 5e-324, 1e39, 3.4e38, 0.1,
    1e-40,
)  # fmt: skip
TIMES: tuple[Any, ...] = (
    0,
    -1,
    1,
    1e9,
    1.7e9,
    1.7e12,
    1.7e18,
    1e300,
    -1e18,
    253402300800,
    "2024-02-30",
    "yesterday",
    None,
    [],
    True,
)


def event(draws: Draws) -> dict[str, Any]:
    """Return a sound event."""
    a, b, c = (round(2 * draws.random() - 1, 4) for _ in FIELDS)
    label = "ok" if a + b > 0 else "fault"
    return {
        "a": a,
        "b": b,
        "c": c,
        "label": label,
        "task": f"t{draws.randrange(3)}",
        "key": f"k{draws.randrange(9)}",
    }


def anything(draws: Draws, *, depth: int = 0) -> Any:
    """Return any value that JSON has, as a field may hold it."""
    kind = draws.randrange(10 if depth < 3 else 6)
    if kind < 2:
        return draws.choice(TEXTS)
    if kind < 4:
        return draws.choice(NUMBERS)
    if kind < 6:
        return draws.choice((None, True, False))
    some = [anything(draws, depth=depth + 1) for _ in range(draws.randrange(4))]
    return some if kind < 8 else {draws.choice(TEXTS): each for each in some}


def spoiled(draws: Draws, sound: dict[str, Any]) -> dict[str, Any]:
    """Return an event with some of its fields changed, gone, or new."""
    for _ in range(1 + draws.randrange(3)):
        name = draws.choice((*sound, "new", *TEXTS[:9])) if sound else "a"
        if draws.random() < 0.3:
            sound.pop(name, None)
        else:
            sound[name] = draws.choice(TIMES) if draws.random() < 0.1 else anything(draws)
    return sound


def flipped(draws: Draws, value: bytes) -> bytes:
    """Return bytes with some of them changed, cut off or put in."""
    changed = bytearray(value)
    for _ in range(1 + draws.randrange(4)):
        at = draws.randrange(len(changed) + 1)
        how = draws.randrange(4)
        if how == 0 and at < len(changed):
            changed[at] ^= 1 << draws.randrange(8)
        elif how == 1:
            del changed[at:]
        elif how == 2:
            changed[at:at] = draws.choice(
                (b"\x00", b"\xff\xfe", b"[" * 500, b"\xed\xa0\x80", b'"\\ud800"', b"NaN", b"1" * 5_000)
            )
        else:
            del changed[at : at + 1 + draws.randrange(8)]
    return bytes(changed)


def as_json(fields: dict[str, Any]) -> bytes:
    """Return JSON, of which some is beyond the standard."""
    return json.dumps(fields, ensure_ascii=False).encode(errors="surrogatepass")


def as_csv(fields: dict[str, Any]) -> bytes:
    """Return a line of the declared columns, in which quotes and commas are as they come."""
    return ",".join(str(fields.get(name, "")) for name in (*FIELDS, "label", "task", "key")).encode()


def as_msgpack(fields: dict[str, Any]) -> bytes:
    """Return MessagePack; whole numbers that it has not are floats."""
    try:
        return msgspec.msgpack.encode(fields)
    except (OverflowError, ValueError):
        return msgspec.msgpack.encode({"a": 1e300, "label": "ok", "task": "t0"})


def as_raw(fields: dict[str, Any]) -> bytes:
    """Return three float32, whatever the fields say."""
    numbers = [fields.get(name) for name in FIELDS]
    sound = [float(n) if isinstance(n, int | float) and abs(n) < 3e38 else float("nan") for n in numbers]
    return struct.pack("<3f", *sound)


FORMATS: dict[str, Callable[[dict[str, Any]], bytes]] = {
    "json": as_json,
    "csv": as_csv,
    "msgpack": as_msgpack,
    "raw": as_raw,
    "avro": as_avro,
    "protobuf": as_protobuf,
}


def value(draws: Draws, form: str) -> bytes | None:
    """Return a payload: sound, or of spoiled fields, or spoiled bytes, or none at all."""
    fate = draws.random()
    if fate < 0.02:
        odd: bytes | None = draws.choice((None, b"", b"\x00", b"null", b"[]", b"{}", b"\xff" * 9, b" " * 3_000))
        return odd
    fields = event(draws)
    if fate < 0.4:
        fields = spoiled(draws, fields)
    written = FORMATS[form](fields)
    return flipped(draws, written) if fate < 0.15 else written
