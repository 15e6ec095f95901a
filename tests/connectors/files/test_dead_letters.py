from __future__ import annotations

from base64 import b64decode
from typing import TYPE_CHECKING

import orjson

from connectors.files.dead_letters import FileDeadLetters
from tests.connectors.rejects import reject

if TYPE_CHECKING:
    from pathlib import Path


def dead_letters(path: Path) -> FileDeadLetters:
    return FileDeadLetters(FileDeadLetters.Options(path=str(path)), clock=lambda: 12.5)


def test_a_letter_holds_the_record_unchanged_and_what_was_wrong(tmp_path: Path) -> None:
    letters = dead_letters(tmp_path / "dead")
    letters.write([reject(7), reject(8, key=None, value=None, headers=[])])
    letters.close()
    first, second = map(orjson.loads, (tmp_path / "dead").read_bytes().splitlines())
    assert (b64decode(first["key"]), b64decode(first["value"])) == (b"k", b"\xff{")
    assert [(name, b64decode(value)) for name, value in first["headers"]] == [("h", b"\x00")]
    assert {name: first[name] for name in ("topic", "partition", "offset", "stage", "reason")} == {
        "topic": "plant",
        "partition": 3,
        "offset": 7,
        "stage": "decode",
        "reason": "undecodable",
    }
    assert (first["message"], first["rejected_at"]) == ("not JSON at byte 0: é", 12.5)
    assert (second["key"], second["value"], second["headers"]) == (None, None, [])


def test_a_line_torn_by_a_crash_costs_no_later_letter(tmp_path: Path) -> None:
    (tmp_path / "dead").write_bytes(b'{"topic":"pl')
    letters = dead_letters(tmp_path / "dead")
    letters.write([reject()])
    letters.close()
    torn, whole = (tmp_path / "dead").read_bytes().splitlines()
    assert torn == b'{"topic":"pl'
    assert orjson.loads(whole)["offset"] == 7
