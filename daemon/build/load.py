"""Reads a configuration file, and sees that the model that it describes can be made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from daemon.build.adaptation import require_adaptable_learners
from daemon.build.anomalies import require_anomalies
from daemon.build.budget import require_budget
from daemon.build.decoder import require_categories
from daemon.build.later_labels import require_later_labels
from daemon.build.output_paths import require_output_paths
from daemon.config.document import parse, read_bytes
from daemon.config.own_classes import own_classes
from daemon.config.tables import Tables
from daemon.config.validation import validate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from daemon.config.schema import Config


def load(path: Path, *, environ: Mapping[str, str] = os.environ, tables: Tables | None = None) -> Config:
    """Read, resolve and validate a configuration file; raise ``ConfigError`` with every problem in it."""
    data = read_bytes(path, remedy=f"`retaind init {path}` writes one to start from")
    return load_bytes(data, file=str(path), environ=environ, tables=tables)


def load_bytes(data: bytes, *, file: str, environ: Mapping[str, str], tables: Tables | None = None) -> Config:
    """Do the same with the bytes of a file that is named ``file`` in messages."""
    tables = tables or Tables.installed()
    config = validate(parse(data, file=file, environ=environ), tables=tables)
    require_output_paths(config)
    if tables.imports_own or not own_classes(config):
        require_categories(config)
        for view in config.views.values():
            require_later_labels(view)
            require_anomalies(view)
            require_budget(view)
        require_adaptable_learners(config)
    return config
