"""Events in MessagePack."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from connectors.decoders.envelope import RejectedError
from connectors.decoders.message_options import MessageOptions
from connectors.decoders.messages.message_decoder import MessageDecoder

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.record import Record


class MsgpackOptions(MessageOptions):
    """One MessagePack map per event; a dot in a field's name leads into a nested map: data.temp."""

    type: Literal["msgpack"] = "msgpack"


class MsgpackMessages(MessageDecoder):
    """Decodes MessagePack; its timestamps are moments, extensions of other types are left out.

    >>> from connectors.record import LocalRecord
    >>> decoder = MsgpackMessages(MsgpackOptions(label="fault"))
    >>> value = msgspec.msgpack.encode({"s1": 1.5, "fault": "leak"})
    >>> rows, _ = decoder.decode([LocalRecord("t", 0, 0, -1, None, value, [])])
    >>> decoder.fields, rows.x.tolist(), rows.label
    (('s1',), [[1.5]], ['leak'])
    """

    Options: ClassVar[type[MsgpackOptions]] = MsgpackOptions

    def __init__(self, options: MsgpackOptions, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(options, Msgpack(), clock=clock)


class Msgpack:
    """Reads MessagePack."""

    def __init__(self) -> None:
        self._decode = msgspec.msgpack.Decoder(ext_hook=_nothing).decode

    def read(self, value: bytes, record: Record, *, wanted: frozenset[str]) -> Any:
        """Return what the value says; raise ``RejectedError`` where it is not MessagePack."""
        try:
            return self._decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, TypeError, ValueError):
            raise RejectedError("decode", "undecodable", "The value is not MessagePack.") from None


def _nothing(code: int, data: memoryview) -> None:  # noqa: ARG001 - msgspec says which extension it is
    return None
