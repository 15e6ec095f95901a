"""What an exported model says of itself: how events become its rows, and what its outputs mean."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from connectors.decoders.tabular_options import TabularOptions
from daemon.config.schema import Config
from daemon.process.version import retaind_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.learning.committee.class_graph import ClassGraph
    from daemon.learning.committee.number_graph import NumberGraph
    from daemon.learning.pipeline import Pipeline

KEY = "retaind"
"""Where it stands among the file's metadata, as JSON."""
FORMAT = 2
_READ = (1, FORMAT)
_CSV = ("columns", "header", "delimiter")


class NotExportedError(Exception):
    """A model that can't be exported, or a file that is no export; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Description:
    """Sections of the configuration and parts of the state, without secrets and without the stream."""

    retaind: str
    format: int
    name: str
    events: int
    step: int
    columns: Sequence[str]
    """Names of the graph's input, in order."""
    classes: Sequence[str]
    """By index; none where a number is predicted."""
    sections: dict[str, Any]
    """``decoder`` (of named fields), ``features`` and ``label``, as in the configuration."""
    csv: dict[str, Any]
    """How the stream's own CSV was written, where it was that."""
    state: dict[str, Any]
    """Of ``decoder`` and ``categories``: fields, vocabularies."""
    known: dict[str, Any] = field(default_factory=dict)
    """What the graph is given of a row's key besides: ``inputs`` by name, and of classes how these are made, by
    ``decays`` and ``code``; none where it is of the network alone."""

    @classmethod
    def of(
        cls, config: Config, pipeline: Pipeline, *, committee: ClassGraph | NumberGraph | None = None
    ) -> Description:
        """Return that of a model that has met an event; raise ``NotExportedError`` for events without names."""
        if not isinstance(config.decoder, TabularOptions):
            raise NotExportedError(f"the decoder {config.decoder.type} has no named fields, which an export needs")
        rows, snapshot = pipeline.state_dict()["intake"], pipeline.snapshot()
        decoder = config.decoder.model_dump(mode="json", exclude_unset=True)
        return cls(
            retaind=retaind_version(),
            format=FORMAT,
            name=config.name,
            events=snapshot.events,
            step=pipeline.summary()["step"],
            columns=list(snapshot.features),
            classes=list(snapshot.classes),
            sections={
                "decoder": {name: each for name, each in decoder.items() if name in TabularOptions.model_fields},
                "features": config.features.model_dump(mode="json", exclude_unset=True),
                "label": config.label.model_dump(mode="json", exclude_unset=True, by_alias=True),
            },
            csv={name: decoder[name] for name in _CSV if name in decoder} if config.decoder.type == "csv" else {},
            state={"decoder": rows["decoder"], "categories": rows.get("categories", {})},
            known={} if committee is None else committee.told(),
        )

    def json(self) -> str:
        """Return it as JSON."""
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def read(cls, text: str, *, path: str) -> Description:
        """Return what a file says of itself; raise ``NotExportedError`` where that is another format."""
        try:
            told = orjson.loads(text)
            if told["format"] not in _READ:
                raise NotExportedError(f"{path} has the format {told['format']}, this release reads up to {FORMAT}")
            return cls(**told)
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise NotExportedError(f"{path} does not say how its rows are made: {error}") from error

    def config(self) -> Config:
        """Return a configuration that makes the same rows, of JSON events whose numbers may be text."""
        decoder = self.sections["decoder"] | {"type": "json", "numbers": "text", "first_events": 1}
        return Config.model_validate(
            self.sections
            | {
                "source": {"type": "file", "path": "(none)"},
                "decoder": decoder,
                "checkpoint": {"directory": "(none)"},
            }
        )
