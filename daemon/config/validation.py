"""Checks a parsed file against the schema and reports everything that is wrong with it at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from daemon.config import migrations
from daemon.config.consistency import inconsistencies
from daemon.config.errors import ConfigError
from daemon.config.lax_numbers import spelt_out, taken_for_numbers
from daemon.config.migrations import version_problem
from daemon.config.schema import Config
from daemon.config.wording import problems_of
from daemon.process.version import retaind_version

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from pydantic_core import ErrorDetails

    from daemon.config.document import Document
    from daemon.config.errors import KeyPath, Problem
    from daemon.config.tables import Tables


def validate(document: Document, *, tables: Tables) -> Config:
    """Return the configuration that a document holds; raise ``ConfigError`` with all its problems.

    Of a file of another version only that is said: the rest would follow from it.
    """
    problem = version_problem(document, release=retaind_version(), migrations=migrations.MIGRATIONS)
    if problem is not None:
        raise ConfigError([problem])
    errors: list[ErrorDetails] = []
    config = _validated(document.value, tables, errors)
    second: list[ErrorDetails] = []
    _validated(spelt_out(document), tables, second)
    errors += taken_for_numbers(second)
    found = problems_of(errors, document, tables) + inconsistencies(document)
    problems = document.problems + _causes(found, document.unreadable)
    if problems or config is None:
        raise ConfigError(problems)
    return config.written_in(document)


def _validated(value: Any, tables: Tables, errors: list[ErrorDetails]) -> Config | None:
    try:
        return Config.model_validate(value, context={"tables": tables})
    except ValidationError as error:
        errors += error.errors(include_url=False)
        return None


def _causes(problems: list[Problem], unreadable: AbstractSet[KeyPath]) -> list[Problem]:
    """Return the problems that do not merely follow from another one.

    A value that could not be read is reported as such already, and a misspelt key is why the right one is missing.
    """
    meant = {(*problem.path[:-1], problem.suggestion) for problem in problems if problem.message == "unknown key"}
    return [
        problem
        for problem in problems
        if problem.path not in meant
        and not any(problem.path[:end] in unreadable for end in range(len(problem.path) + 1))
    ]
