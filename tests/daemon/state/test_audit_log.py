"""One log of what was done to what is learned: chained, and with all that former logs have said."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from daemon.state.audit_log import AuditLog
from daemon.state.state_error import DamagedError

if TYPE_CHECKING:
    from pathlib import Path

SKIPS = b"""{"at": 5.0, "what": "skip", "topic": "t", "partition": 0, "from": 1, "to": 4, "records": 3, "by": "ann"}
{"at": 9.0, "what": "skip", "topic": "t", "partition": 0, "from": 6, "to": 8, "records": 2, "by": "ann"}
"""


def erasures() -> bytes:
    """Two lines as releases before wrote them to ``erasures.jsonl``."""
    before, written = "0" * 64, b""
    for at in (3.0, 7.0):
        body: dict[str, Any] = {"at": at, "by": "user 7", "keys": ["ab"], "removed": {"buffer": 2}}
        body |= {"generation": 4, "generations_removed": [3], "before": before}
        before = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
        written += json.dumps({**body, "sha256": before}).encode() + b"\n"
    return written


@pytest.fixture
def former(tmp_path: Path) -> Path:
    directory = tmp_path / "former"
    directory.mkdir()
    (directory / "audit.jsonl").write_bytes(SKIPS)
    (directory / "erasures.jsonl").write_bytes(erasures())
    return directory


def said(directory: Path) -> list[str]:
    return [entry["what"] for entry in AuditLog(directory).verify()[0]]


CARRIED = ["carried over", "skip", "skip", "carried over", "erasure", "erasure"]


def test_former_logs_are_shown_as_they_are_and_carried_over_with_the_first_entry(former: Path) -> None:
    assert said(former) == CARRIED
    assert (former / "audit.jsonl").read_bytes() == SKIPS
    AuditLog(former).append({"what": "skip", "from": 8, "to": 9})
    assert said(former) == [*CARRIED, "skip"]
    assert (former / "audit-before.jsonl").read_bytes() == SKIPS
    assert (former / "erasures-before.jsonl").read_bytes() == erasures()
    assert not (former / "erasures.jsonl").exists()
    head = json.loads((former / "audit.jsonl").read_bytes().splitlines()[0])
    assert head["sha256_of_file"] == hashlib.sha256(SKIPS).hexdigest()
    assert [each.at for each in AuditLog(former).erasures()] == [3.0, 7.0]
    AuditLog(former).append({"what": "skip", "from": 9, "to": 10})
    assert said(former) == [*CARRIED, "skip", "skip"]


def test_a_log_of_a_release_that_was_gone_back_to_is_carried_over_too(former: Path) -> None:
    AuditLog(former).append({"what": "skip"})
    (former / "erasures.jsonl").write_bytes(erasures()[: len(erasures()) // 2])
    AuditLog(former).append({"what": "skip"})
    assert said(former)[len(CARRIED) :] == ["skip", "carried over", "erasure", "skip"]


def test_a_former_log_that_was_changed_is_carried_over_and_told(former: Path) -> None:
    (former / "erasures.jsonl").write_bytes(erasures().replace(b'"buffer": 2', b'"buffer": 3', 1))
    with pytest.raises(DamagedError, match=r"erasures\.jsonl:1 "):
        said(former)
    AuditLog(former).append({"what": "skip"})
    with pytest.raises(DamagedError, match=r"erasures\.jsonl:1 .* carried over"):
        said(former)


@pytest.mark.parametrize("change", [b'"to": 4', b'"by": "ann"'])
def test_a_changed_line_is_found_also_among_those_that_were_carried_over(former: Path, change: bytes) -> None:
    AuditLog(former).append({"what": "skip"})
    log = former / "audit.jsonl"
    log.write_bytes(
        log.read_bytes().replace(change, change[:-1] + b"\x37" if b"to" in change else b'"by": "eve"', 1)
    )
    with pytest.raises(DamagedError, match=r"audit\.jsonl:2 "):
        said(former)


def test_what_a_crash_has_cut_short_goes_with_the_next_entry(tmp_path: Path) -> None:
    log = AuditLog(tmp_path)
    log.append({"what": "skip"})
    whole = log.path.read_bytes()
    log.path.write_bytes(whole + whole[:40])
    log.append({"what": "promote"})
    assert said(tmp_path) == ["skip", "promote"]


class Died(BaseException):
    """Stands for SIGKILL."""


def test_a_crash_at_any_step_of_carrying_over_loses_nothing(
    former: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths = 0
    while dies(former, tmp_path / "copy", monkeypatch, at=deaths):
        deaths += 1
        assert [what for what in said(tmp_path / "copy") if what != "promote"] == CARRIED
        AuditLog(tmp_path / "copy").append({"what": "skip"})
        assert [what for what in said(tmp_path / "copy") if what != "promote"] == [*CARRIED, "skip"]
        assert (tmp_path / "copy" / "audit-before.jsonl").read_bytes() == SKIPS
        assert (tmp_path / "copy" / "erasures-before.jsonl").read_bytes() == erasures()
    assert deaths > 8


def dies(former: Path, directory: Path, monkeypatch: pytest.MonkeyPatch, *, at: int) -> bool:
    """Add an entry in a copy, and die before the system call with this number; return whether there was one."""
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(former, directory)
    left = at

    def dying(name: str) -> Any:
        real = getattr(os, name)

        def act(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            if left == 0:
                raise Died
            left -= 1
            return real(*arguments, **options)

        return act

    with monkeypatch.context() as patched:
        for name in ("link", "unlink", "rename", "fsync", "open", "pwrite", "ftruncate", "chmod"):
            patched.setattr(os, name, dying(name))
        try:
            AuditLog(directory).append({"what": "promote"})
        except Died:
            return True
    return False
