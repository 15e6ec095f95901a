"""Options of a library's client under the library's own names, checked before anything connects."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping


def checked(
    options: Mapping[str, Any], fault: Callable[[str, Any], str], *, secrets: Collection[str], section: str
) -> dict[str, Any]:
    """Return the options with inline secrets wrapped; raise a ValidationError with every fault at its key."""
    faults = [
        InitErrorDetails(
            type=PydanticCustomError("kafka_client_option", "{fault}", {"fault": why}),
            loc=(name,),
            input="[redacted]" if name in secrets else value,
        )
        for name, value in options.items()
        if (why := fault(name, value))
    ]
    if faults:
        raise ValidationError.from_exception_data(section, faults)
    return {name: SecretStr(value) if name in secrets else value for name, value in options.items()}


def read_secret(name: str, path: str) -> str:
    """Return what a secret's file holds now; raise OSError with the option's name."""
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise OSError(f"{name}: {error}") from error
