"""From some data to a configuration that learns it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.build.edges import build_source_of
from daemon.build.load import load_bytes
from daemon.proposal.findings import look_into
from daemon.proposal.separated import has_open_quotes
from daemon.proposal.writing import write
from daemon.sample.look import Look
from daemon.sample.remarks import remarks
from daemon.sample.sampling import take_sample, to_look_at
from daemon.sample.trial import try_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from daemon.proposal.findings import Findings
    from daemon.proposal.roles import Role
    from daemon.proposal.stream import Stream
    from daemon.sample.remark import Remark


@dataclass(frozen=True, slots=True)
class Proposal:
    """A configuration, and what led to it."""

    findings: Findings
    text: str
    """YAML."""
    remarks: Sequence[Remark]
    """What does not go with the data even so."""


def propose(
    stream: Stream,
    *,
    output: Path,
    asked: Mapping[Role, str | None],
    kind: str | None,
    rows: int,
    wait_seconds: float,
) -> Proposal:
    """Look at a stream and return a configuration for it; raise ``NoProposalError`` where nothing can be learned.

    ``asked`` names fields by role, ``kind`` says class or number. Raises ``SourceDataError`` and
    ``SourceUnavailableError`` where it cannot be read.
    """
    sample = take_sample(build_source_of(to_look_at(stream.options)), rows=rows, wait_seconds=wait_seconds)
    if not stream.is_topic and has_open_quotes(sample.records):
        stream = stream.reading_quotes()
        sample = take_sample(build_source_of(stream.options), rows=rows, wait_seconds=wait_seconds)
    findings = look_into(sample, asked=asked)
    text = write(findings, stream, output=output, kind=kind)
    config = load_bytes(text.encode(), file=str(output), environ=os.environ)
    look = Look(config, sample=sample, fields=findings.fields, trial=try_out(config, sample.records))
    return Proposal(findings, text=text, remarks=remarks(look))
