"""What a table offers by a name: its options now, its class when one is made."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strategies.options import Options


@dataclass(frozen=True, slots=True)
class Offered:
    """A component of this package, which is imported, and torch with it, when it is asked for."""

    Options: type[Options]
    place: str
    """``package.module:Name`` of its class."""

    def load(self) -> Any:
        """Return its class.

        >>> from strategies import OPTIMIZERS
        >>> OPTIMIZERS["sgd"].load()
        <class 'strategies.optimizers.sgd.Sgd'>
        """
        module, _, name = self.place.partition(":")
        return getattr(import_module(module), name)
