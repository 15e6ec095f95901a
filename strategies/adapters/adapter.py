"""What an adapter is: it changes a module before it learns, and takes the change back for an export."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor, nn

    from strategies.options import Options


@dataclass(frozen=True, slots=True)
class Ground:
    """What an adapter may know when it is built."""

    tasks: int
    """Most tasks that are told apart, the one that all later ones share among them; a row's task is below it."""


class Adapter:
    """A change of the model's architecture. Subclasses name their options in ``Options``, beside the class."""

    Options: ClassVar[type[Options]]

    def __init__(self, options: Any, *, ground: Ground) -> None:
        self.options = options
        self.ground = ground

    def adapt(self, module: nn.Module) -> nn.Module:
        """Return the module to learn with, made of ``module``, which may be changed; ``ValueError`` if it can't be.

        Randomness comes from torch's global generator. A module that needs the rows' tasks says so by
        ``needs_task = True``.
        """
        raise NotImplementedError

    @staticmethod
    def plain(tensors: Mapping[str, Tensor], *, task: int | None) -> dict[str, Tensor]:
        """Return the tensors of the model that was adapted, by its own names, with what was learned since.

        ``tensors`` are those of any module; what is not this adapter's is returned as it is. ``task`` says which
        one the plain model is to do, where there are several. Raises ``ValueError`` where no plain model does it.
        """
        del task
        return dict(tensors)
