"""Which of the wanted topics exist, asked for periodically while the known ones are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from kafka.errors import KafkaError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.kafka.log_client import LogClient, TopicQuestion
    from connectors.kafka.topics import TopicFacts, Topics

FIRST_RETRY_SECONDS = 1.0
FRESH_START_SECONDS = 30.0


class TopicWatch:
    """Asks a cluster about some topics, or about all that match a pattern, every ``every_seconds``."""

    def __init__(
        self, names: Sequence[str], pattern: str | None, every_seconds: float, monotonic: Callable[[], float]
    ) -> None:
        self._names = None if pattern else list(names)
        self._pattern = re.compile(pattern) if pattern else None
        self._every_seconds = every_seconds
        self._monotonic = monotonic
        self._question: TopicQuestion | None = None
        self._next_seconds = -1.0
        self._retry_seconds = FIRST_RETRY_SECONDS
        self._unknown_since = monotonic()
        self.found: Mapping[str, TopicFacts] | None = None
        """The topics of the last answer; None while it is not to be relied on."""
        self.problem = ""
        """Why not every topic can be read, in a sentence."""

    def distrust(self) -> None:
        """Discard the last answer, because something does not fit it, and ask again."""
        self._question = None
        if self.found is not None:
            self.found = None
            self._unknown_since = self._monotonic()
        self.hurry()

    def hurry(self) -> None:
        """Ask at the next chance."""
        self._next_seconds = min(self._next_seconds, self._monotonic())

    def ask(self, client: LogClient, timeout_seconds: float) -> bool:
        """Return whether there is a new answer, waiting for it only where nothing is known.

        Raises KafkaError after ``FRESH_START_SECONDS`` without an answer: the connection must be to blame.
        """
        if self._question is None:
            if self._monotonic() < self._next_seconds:
                return False
            self._question = client.describe(self._names)
        try:
            if not client.wait(self._question, 0 if self.found is not None else timeout_seconds):
                return False
            self._learn(self._question.value)
        except KafkaError as error:
            self._fail(error)
            return False
        finally:
            if self._question.is_done:
                self._question = None
        return True

    def _fail(self, error: KafkaError) -> None:
        self._again(incomplete=True)
        if self.found is None:
            self.problem = f"no broker lists the topics: {error}"
            if self._monotonic() - self._unknown_since >= FRESH_START_SECONDS:
                raise error

    def _learn(self, topics: Topics) -> None:
        self.found = {name: facts for name, facts in topics.found.items() if self._wanted(name)}
        problems = list(topics.problems.values()) if self._names is not None else []
        if not self.found and self._pattern:
            problems = [f"no topic matches the pattern {self._pattern.pattern}"]
        self.problem = "; ".join(sorted(problems))
        self._again(incomplete=bool(self.problem))

    def _again(self, *, incomplete: bool) -> None:
        wait = self._retry_seconds if incomplete else self._every_seconds
        self._next_seconds = self._monotonic() + wait
        self._retry_seconds = min(2 * wait, self._every_seconds) if incomplete else FIRST_RETRY_SECONDS

    def _wanted(self, name: str) -> bool:
        return self._pattern is None or self._pattern.fullmatch(name) is not None
