"""Dead letters in rotated files of a daemon that reads files: they come back as a new file, whole or not at all."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from connectors.files.put_back import FilePutBack
from connectors.kept_letter import KeptLetter, only_event
from connectors.record import LocalRecord
from daemon.build.load import load
from daemon.dead_letters.erased_keys import ErasedKeys
from daemon.dead_letters.journal import Journal
from daemon.service import Service
from daemon.state.audit_log import AuditLog
from daemon.state.key_digests import KeyDigests
from daemon.state.state_error import StateError
from tests.daemon.dead_letters.killed import killed, run

EVENTS = 90
CONFIG = """
source: {{type: file, path: "{directory}/plant*.{ext}"}}
decoder: {{{decoder}, label: y, features: [a, b], missing: {missing}}}
label: {{max_classes: 2}}
model: {{type: mlp, hidden: [4]}}
learner: {{batch: 8}}
strategies: []
retention: {{probe_share: 0}}
checkpoint: {{directory: "{directory}/state"}}
dead_letters: {{type: file, path: "{directory}/dead.jsonl", max_bytes: 4096, keep: 50}}
predictions: {{type: file, path: "{directory}/predictions.jsonl"}}
rejections: {{max_share: 0.9}}
http: {{port: 0}}
"""


def lines(ext: str) -> list[str]:
    events = [{"a": place, "b": None if place % 3 else place, "y": f"c{place % 2}"} for place in range(EVENTS)]
    if ext == "jsonl":
        return [json.dumps(event) for event in events]
    return ["b,y,a", *(f"{'' if each['b'] is None else each['b']},{each['y']},{each['a']}" for each in events)]


@pytest.mark.parametrize(("ext", "decoder"), [("jsonl", "type: json"), ("csv", "type: csv, header: true")])
def test_a_new_file_has_each_event_once_however_often_the_replay_is_killed(
    tmp_path: Path, ext: str, decoder: str
) -> None:
    config = tmp_path / "retaind.yaml"
    (tmp_path / f"plant.{ext}").write_text("\n".join(lines(ext)) + "\n")

    def live(missing: str) -> Counter[int]:
        config.write_text(CONFIG.format(directory=tmp_path, ext=ext, decoder=decoder, missing=missing))
        with Service(load(config)) as service:
            service.run(stop=lambda: False)
        predicted = (tmp_path / "predictions.jsonl").read_text().splitlines()
        return Counter(json.loads(line)["offset"] for line in predicted)

    assert live("reject").total() == EVENTS // 3
    assert len(list(tmp_path.glob("dead.jsonl*"))) > 2
    live("mean")
    again = tmp_path / f"plant.again.{ext}"
    arguments = ("dead-letters", "replay", "-c", str(config))
    assert run(*arguments)[0] == 64
    code, said = run(*arguments, "--to", str(tmp_path / "elsewhere.jsonl"))
    assert (code, "does not match it" in said) == (64, True)
    code, said = run(*arguments, "--to", str(again), "--dry-run")
    assert (code, f"{EVENTS * 2 // 3} would be put back" in said, again.exists()) == (0, True, False)

    arguments = (*arguments, "--to", str(again))
    assert killed(*arguments, at=(Journal, "begin"))
    assert not again.exists()
    assert killed(*arguments, at=(FilePutBack, "put"))
    assert not again.exists()
    assert killed(*arguments, at=(Path, "samefile" if again.exists() else "unlink"))
    code, said = run(*arguments)
    assert (code, "is finished" in said) == (0, True)
    code, said = run("dead-letters", "replay", "-c", str(config), "--to", str(tmp_path / f"plant.third.{ext}"))
    assert (code, "0 put back" in said) == (0, True)
    assert not (tmp_path / f"plant.third.{ext}").exists()

    predicted = live("mean")
    assert predicted.total() == EVENTS
    assert set(predicted.values()) == {1}
    learned = [json.loads(line) if ext == "jsonl" else line for line in again.read_text().splitlines()]
    assert len(learned) == EVENTS * 2 // 3 + (ext == "csv")
    assert [entry["what"] for entry in AuditLog(tmp_path / "state").verify()[0]] == ["replay"]


def test_of_a_message_of_several_events_only_the_bad_one_is_read_again() -> None:
    from connectors.decoders.json_messages import JsonMessages  # noqa: PLC0415 - here alone
    from connectors.decoders.json_options import JsonOptions  # noqa: PLC0415 - here alone

    message = LocalRecord("t", 0, 7, 5, None, b'{"r": [{"t": 1}, {"t": "x"}, {"t": 3}]}', [])
    decoder = JsonMessages(JsonOptions(explode="r", features=("r.t",)))
    _, (reject,) = decoder.decode([message])
    letter = KeptLetter(message, 1, reject.stage, reject.reason, reject.message, rejected_at=0.0, place="here")
    mended = letter.put_back()._replace(offset=8, value=b'{"r": [{"t": 1}, {"t": 2}, {"t": 3}]}')
    rows, rejects = decoder.decode([mended])
    assert (rows.x.tolist(), rejects, only_event(mended)) == ([[2.0]], [], 1)
    _, (gone,) = decoder.decode([mended._replace(value=b'{"r": []}')])
    assert gone.reason == "missing_field"


@pytest.mark.parametrize(
    ("key", "value", "erased"),
    [
        (b"ann", b"{}", True),
        (None, b'{"who": "ann"}', True),
        (None, b'{"deep": [{"who": "ann lee"}]}', True),
        (None, b"3,ann lee;x", True),
        (None, b'{"who": "joanna"}', False),
        (b"bob", None, False),
    ],
)
def test_an_erased_key_is_known_wherever_it_stands(
    tmp_path: Path, key: bytes | None, value: bytes | None, *, erased: bool
) -> None:
    digests = KeyDigests(tmp_path)
    told = {"what": "erasure", "keys": [digests.of(b"ann"), digests.of(b"ann lee")], "removed": {}}
    AuditLog(tmp_path).append(told | {"generation": None, "generations_removed": []})
    letter = KeptLetter(LocalRecord("t", 0, 7, 5, key, value, []), -1, "decode", "r", "m", 0.0, "here")
    keys = ErasedKeys(tmp_path)
    assert keys.has(letter, decoded=None) is erased
    assert keys.has(letter, decoded=b"ann")


def test_two_replays_at_once_are_refused_and_a_journal_that_was_changed_is_told(tmp_path: Path) -> None:
    with Journal(tmp_path), pytest.raises(StateError, match="another"), Journal(tmp_path):
        pass
    with (tmp_path / "put_back.jsonl").open("a") as file:
        file.write('{"done": 7}\n')
    with pytest.raises(StateError, match=r"put_back\.jsonl:2 "), Journal(tmp_path):
        pass
