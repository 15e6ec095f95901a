"""Whether the file is valid, and what is probably meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.build.load import load
from daemon.config.advice.advice import advise
from daemon.config.errors import ConfigError, dotted
from daemon.doctor.finding import ok, problem, warning
from daemon.web.web_config import web_config

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.config.schema import Config
    from daemon.doctor.finding import Finding


def read_configuration(file: Path) -> tuple[Config | None, list[Finding]]:
    """Return the configuration, None where it is not valid, and what there is to say about it."""
    try:
        config = load(file)
        web_config(config)
    except ConfigError as error:
        return None, [problem(str(error), f"fix it until `retaind validate {file}` finds nothing")]
    advice = [
        warning(f"{dotted(remark.path)}: {remark.why}", remark.remedy)
        if remark.path
        else warning(remark.why, remark.remedy)
        for remark in advise(config)
    ]
    return config, [ok(f"{file} is valid"), *advice]
