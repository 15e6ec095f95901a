"""What the log says of how events are read: which fields are features, and what may not be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from daemon.intake.labels.class_name import alike

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daemon.intake.features.key_slots import KnownKeys
    from daemon.learning.snapshot import PipelineSnapshot

log = structlog.get_logger("retaind")

_MOST_SAID = 50
"""Fields that one line of the log names."""


class Misreadings:
    """Says each thing once in the life of a process."""

    def __init__(self) -> None:
        self._features_said = False
        self._left_out_said: set[str] = set()
        self._classes_seen = 0
        self._keys_said = False

    def say(self, pipeline: PipelineSnapshot) -> None:
        """Say what is new."""
        if pipeline.features:
            self._say_fields(pipeline.features, pipeline.left_out)
        self._say_twins(pipeline.classes)
        self._say_keys(pipeline.keys)

    def _say_fields(self, features: Sequence[str], left_out: Mapping[str, str]) -> None:
        if not self._features_said:
            self._features_said = True
            log.info("features taken", features=list(features)[:_MOST_SAID])
        new = {name: why for name, why in left_out.items() if name not in self._left_out_said}
        if new:
            self._left_out_said |= new.keys()
            log.warning("fields left out of the features", fields=dict(list(new.items())[:_MOST_SAID]))

    def _say_twins(self, classes: Sequence[str]) -> None:
        """Say so where a new class is called like a known one, but for spaces or case."""
        known = {alike(name): name for name in reversed(classes[: self._classes_seen])}
        for name in classes[self._classes_seen :]:
            twin = known.setdefault(alike(name), name)
            if twin != name:
                log.warning(
                    "two labels differ only in spaces or case",
                    label=name,
                    other=twin,
                    remedy="if they mean the same, set label.trim: true, or name it in label.map",
                )
        self._classes_seen = len(classes)

    def _say_keys(self, keys: KnownKeys) -> None:
        if keys.dropped and not self._keys_said:
            self._keys_said = True
            log.warning(
                "more keys than features.max_keys: the longest unseen are forgotten",
                max_keys=keys.limit,
                remedy="raise features.max_keys, or use a key that tells fewer things apart",
            )
