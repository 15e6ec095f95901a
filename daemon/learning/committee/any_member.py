"""What the members of both committees have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from daemon.learning.snapshot import MAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


class AnyMember(Protocol):
    """May have several voices."""

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each voice."""

    def state_dict(self) -> dict[str, Any]:
        """Return everything that must survive a crash."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` or ``KeyError`` where it is of another configuration."""


def expert_names(members: Iterable[AnyMember], *, memories: Sequence[float]) -> tuple[str, ...]:
    """Return a name for each expert in the order of the weights: the main learner, the voices, the pools."""
    voices = (name for member in members for name in member.names)
    return (MAIN, *voices, *(f"pool_{memory:g}" for memory in memories))


def member_states(members: Iterable[AnyMember]) -> dict[str, dict[str, Any]]:
    """Return the state of each member, under the name of its first voice."""
    return {member.names[0]: member.state_dict() for member in members}


def load_member_states(members: Iterable[AnyMember], states: Mapping[str, Any]) -> None:
    """Let each member take up its state; raise ``ValueError`` or ``KeyError`` where it is of other members."""
    for member in members:
        member.load_state_dict(states[member.names[0]])
