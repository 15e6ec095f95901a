"""The dead letters of a configuration, wherever they are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.files.kept_letters import file_letters
from connectors.kafka.kept_letters import kafka_letters
from connectors.kept_letter import KeptLetter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from daemon.config.schema import Config

_READERS: Mapping[str, Callable[..., Iterator[Any]]] = {"file": file_letters, "kafka": kafka_letters}


@dataclass(slots=True)
class Letters:
    """Those of a configuration that are wanted: of one reason, and not rejected before a Unix time.

    A reason is named alone (``undecodable``) or with its stage (``undecodable at decode``). Iterating raises
    ``SourceUnavailableError``; what was no letter is in ``strange``, in a sentence each.
    """

    config: Config
    since: float | None = None
    reason: str | None = None
    strange: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        options: Any = self.config.dead_letters
        if options is None:
            raise self.config.error((), "there is no section dead_letters, so no dead letters are kept")
        if options.type not in _READERS:
            known = ", ".join(_READERS)
            raise self.config.error(
                ("dead_letters", "type"), f"retaind reads dead letters of {known}, not of {options.type}"
            )

    @property
    def are_all(self) -> bool:
        """Whether none is left out."""
        return self.since is None and self.reason is None

    def __iter__(self) -> Iterator[KeptLetter]:
        options: Any = self.config.dead_letters
        self.strange = []
        for each in _READERS[options.type](options, since=self.since):
            if not isinstance(each, KeptLetter):
                self.strange.append(str(each))
            elif self.reason in (None, each.reason, each.why):
                yield each
