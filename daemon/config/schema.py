"""The configuration file as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PrivateAttr, ValidationInfo, model_validator

from connectors.options import Options as ConnectorOptions
from daemon.config.committee_section import CommitteeSection
from daemon.config.companions_section import CompanionsSection
from daemon.config.components import Component
from daemon.config.conservative import conservative
from daemon.config.default_strategies import DEFAULT, untouched
from daemon.config.document import Document
from daemon.config.erasure_section import ErasureSection
from daemon.config.errors import ConfigError, KeyPath, Problem
from daemon.config.label_words import NONE, label_in_full
from daemon.config.reference_section import ReferenceSection
from daemon.config.sections import (
    CheckpointSection,
    HttpSection,
    LearnerSection,
    LogSection,
    RejectionsSection,
    RetentionSection,
)
from daemon.config.serving_section import ServingSection
from daemon.config.stability import dialled, with_dial
from daemon.config.tables import Tables
from daemon.config.target_list import require_targets
from daemon.config.values import value_at
from daemon.intake.features.options import FeaturesSection
from daemon.intake.labels.alone import ALONE
from daemon.intake.labels.options import ClassLabel, NumberLabel
from daemon.options import Section
from daemon.scoring.anomaly_options import AnomaliesSection
from strategies.options import LIVE
from strategies.options import Options as StrategyOptions

Label = Annotated[ClassLabel | NumberLabel, Component("label", default="class", own=False)]
Targets = Annotated[tuple[Label, ...], AfterValidator(require_targets)]
Strategies = tuple[Annotated[StrategyOptions, Component("strategy")], ...]


def _or_default(schema: dict[str, Any]) -> None:
    """Let the JSON Schema allow the word beside a list."""
    schema["anyOf"] = [{"type": schema.pop("type"), "items": schema.pop("items")}, {"const": DEFAULT}]


def _mappings(schema: dict[str, Any]) -> None:
    """Let the JSON Schema take any mapping in the list: what its type is, the options themselves tell."""
    schema["items"] = {"type": "object", "x-options": schema["items"]["x-component"]}


def _or_none(schema: dict[str, Any]) -> None:
    """Let the JSON Schema allow the word beside a section."""
    component = schema.pop("x-component")
    schema["anyOf"] = [{"type": schema.pop("type"), "x-component": component}, {"const": NONE}]


class Config(Section):
    """What one retaind process does: where events come from, what learns from them, and what is kept."""

    version: Literal[1] = Field(1, description="Version of this file's format.")
    name: str = Field(
        "retaind",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        max_length=100,
        description="Name of this daemon, in its log, its status and on its page.",
    )
    seed: int = Field(0, ge=0, lt=1 << 63, description="Seed of every random generator.")
    source: Annotated[ConnectorOptions, Component("source")] = Field(description="Where events come from.")
    decoder: Annotated[ConnectorOptions, Component("decoder")] = Field(
        description="How the bytes of an event become features, label and task."
    )
    reference: ReferenceSection | None = Field(
        None, description="Rows from before the stream, to be scored and mixed in; none by default."
    )
    features: FeaturesSection = Field(
        FeaturesSection(), description="Features computed online from earlier events; none by default."
    )
    label: Label = Field(
        ClassLabel(),
        description="What is predicted: a class or a number; none where target says it.",
        json_schema_extra=_or_none,
    )
    target: dict[str, Any] | None = Field(
        None,
        description="With label: none, what is predicted of the stream's own future: the options of a label from:"
        " stream, such as field: pm25 and ahead: 12.",
    )
    targets: Targets = Field(
        (),
        json_schema_extra=_mappings,
        description="In place of label, several values of the stream's future that are predicted at once: a list of"
        " the options of a label from: stream.",
    )
    tasks: Annotated[Any, Component("tasks")] = Field(
        {"type": "none"},
        validate_default=True,
        description="How tasks are told apart, and where their boundaries are.",
    )
    model: Annotated[StrategyOptions, Component("model")] = Field(
        {"type": "mlp"},
        validate_default=True,
        description="What learns: a network that is trained, or a closed form.",
    )
    adapters: tuple[Annotated[StrategyOptions, Component("adapter")], ...] = Field(
        (),
        description="Changes to the model's architecture, applied in order: which parameters there are, and which"
        " train.",
    )
    optimizer: Annotated[StrategyOptions, Component("optimizer")] = Field(
        {"type": "adam"}, validate_default=True, description="How a gradient becomes a step."
    )
    learner: LearnerSection = Field(LearnerSection(), description="How the model is trained.")
    strategies: Strategies = Field(
        DEFAULT,
        validate_default=True,
        json_schema_extra=_or_default,
        description="Methods against forgetting, applied in order; an empty list trains without any, default"
        " chooses by the kind of stream.",
    )
    committee: CommitteeSection | None = Field(
        None,
        description="Mix the predictions of several cheap learners with the main one's; null: it answers alone."
        " On by default where strategies are.",
        json_schema_extra=LIVE,
    )
    companions: CompanionsSection = Field(
        CompanionsSection(),
        description="Shadow models that the main learner is compared with.",
        json_schema_extra=LIVE,
    )
    retention: RetentionSection = Field(
        RetentionSection(), description="How retention of past tasks is measured, and held."
    )
    checkpoint: CheckpointSection = Field(description="Where and how often checkpoints are written.")
    anomalies: AnomaliesSection | None = Field(
        None, description="How odd each event is, published with its prediction; off by default, {} turns it on."
    )
    predictions: Annotated[ConnectorOptions, Component("predictions")] | None = Field(
        None, description="Where predictions are published; nowhere by default."
    )
    dead_letters: Annotated[ConnectorOptions, Component("dead_letters")] | None = Field(
        None, description="Where records that cannot be learned from are written; they are only counted by default."
    )
    erasure: ErasureSection = Field(
        ErasureSection(), description="What erases all that is remembered of a key, besides an operator's request."
    )
    rejections: RejectionsSection = Field(
        RejectionsSection(), description="What to do with events that cannot be learned from."
    )
    http: HttpSection = Field(HttpSection(), description="The daemon's HTTP server.")
    serving: ServingSection | None = Field(
        None, description="Answers to whoever asks the model over HTTP; off by default, {} turns it on."
    )
    log: LogSection = Field(LogSection(), description="What is logged to stderr, and how.")

    _document: Document | None = PrivateAttr(None)
    _elsewhere: Mapping[str, KeyPath] = PrivateAttr({})

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, value: Any, info: ValidationInfo) -> Any:
        """Fill in what depends on other sections."""
        if not isinstance(value, dict):
            return value
        completed = cls._completed(value)
        if value_at(("retention", "stability"), value) is None:
            return completed
        tables = (info.context or {}).get("tables") or Tables.installed()
        return with_dial(completed, dialled(value, completed, tables=tables))

    @staticmethod
    def _completed(value: dict[str, Any]) -> dict[str, Any]:
        """Return the sections of a file with what it leaves to others of its sections."""
        value = {**value, **label_in_full(value)}
        value.pop("target", None)
        if value.get("targets"):
            value.pop("label", None)
        completed = {**value, **conservative(value)}
        if value.get("strategies", DEFAULT) == DEFAULT:
            completed |= untouched(value)
        return completed

    def written_in(self, document: Document) -> Config:
        """Remember the file that this was read from, for the positions in later messages; returns itself."""
        self._document = document
        return self

    def with_written_elsewhere(self, sections: Mapping[str, KeyPath]) -> Config:
        """Remember where these sections, by name, are written in their stead; returns itself."""
        self._elsewhere = {**self._elsewhere, **sections}
        return self

    @property
    def labels(self) -> Sequence[ClassLabel | NumberLabel]:
        """What is predicted: the targets, or the one label."""
        return self.targets or (self.label,)

    @property
    def views(self) -> Mapping[str, Config]:
        """The configuration as each target sees it, as its one label, by its name; itself where there is one label.

        Errors in the label are placed in the list of targets.
        """
        if not self.targets:
            return {ALONE: self}
        return {
            label.name: self.model_copy(update={"label": label, "targets": ()}).with_written_elsewhere(
                {"label": ("targets", place)}
            )
            for place, label in enumerate(self.targets)
        }

    def place(self, path: KeyPath) -> KeyPath:
        """Return where a key is written in the file."""
        return (*self._elsewhere.get(str(path[0]), path[:1]), *path[1:]) if path else path

    @property
    def assumed(self) -> Mapping[str, Any]:
        """Sections that the file left out, or left incomplete, and that are assumed for its pretrained model."""
        return {} if self._document is None else conservative(self._document.value)

    @property
    def dialled(self) -> Mapping[KeyPath, Any]:
        """What ``retention.stability`` sets, by place; nothing where it is left out."""
        if self._document is None or self.retention.stability is None:
            return {}
        given = self._document.value
        return dialled(given, self._completed(given), tables=Tables.installed())

    @property
    def document(self) -> Document | None:
        """The file that this was read from; None where it was made in Python."""
        return self._document

    def error(self, path: KeyPath, message: str) -> ConfigError:
        """Return the error to raise for a key that proves wrong only later, with its place in the file."""
        place = self.place(path)
        if self._document is None:
            return ConfigError([Problem("(configuration)", None, place, message)])
        return ConfigError([self._document.problem(place, message)])
