"""Protobuf: schemas compiled to descriptors, and messages read by them."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import protoxy
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

from connectors.decoders.envelope import RejectedError
from connectors.decoders.registry.message_indexes import message_indexes
from connectors.decoders.registry.protobuf_values import values_of
from connectors.decoders.registry.registered_schema import UnusableSchemaError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.protobuf.message import Message

    from connectors.decoders.registry.registered_schema import RegisteredSchema
    from connectors.decoders.registry.wire_format import Framed

MAIN = "retaind_main.proto"
_IMPORT = re.compile(r"""\bimport\s+(?:public\s+|weak\s+)?["']([^"']*)["']""")


@dataclass(frozen=True, slots=True)
class ProtobufSchema:
    """A compiled file: its messages, and the classes of those that were needed, by their indexes."""

    pool: descriptor_pool.DescriptorPool
    file: descriptor_pb2.FileDescriptorProto
    classes: dict[tuple[int, ...], type[Message]]


class ProtobufLanguage:
    """Compiles .proto files without running anything, and reads messages by their descriptors."""

    def compiled(self, registered: RegisteredSchema) -> ProtobufSchema:
        """Return a schema to read with; raise ``UnusableSchemaError``."""
        if registered.kind != "PROTOBUF":
            raise UnusableSchemaError(f"it is {registered.kind}, not Protobuf")
        files = descriptor_pb2.FileDescriptorSet.FromString(
            _compile({**registered.references, MAIN: registered.text})
        )
        pool = descriptor_pool.DescriptorPool()
        for each in files.file:
            pool.Add(each)  # type: ignore[no-untyped-call]
        main = next(each for each in files.file if each.name == MAIN)
        return ProtobufSchema(pool, main, {})

    def read(
        self, value: Framed, *, writer: ProtobufSchema, reader: ProtobufSchema | None, wanted: frozenset[str]
    ) -> Any:
        """Return the fields of a message, under the names that ``reader`` gives their numbers, else the writer."""
        indexes, payload = message_indexes(value)
        kind = _message_class(writer, indexes) if reader is None else _same_message(writer, reader, indexes)
        try:
            message = kind.FromString(payload)
        except DecodeError:
            raise RejectedError(
                "decode", "undecodable", "The value doesn't follow the Protobuf schema that it names."
            ) from None
        return values_of(message)


def _message_class(schema: ProtobufSchema, indexes: tuple[int, ...]) -> type[Message]:
    if indexes not in schema.classes:
        name = _message_name(schema.file, indexes)
        descriptor = schema.pool.FindMessageTypeByName(name)  # type: ignore[no-untyped-call]
        schema.classes[indexes] = message_factory.GetMessageClass(descriptor)
    return schema.classes[indexes]


def _same_message(writer: ProtobufSchema, reader: ProtobufSchema, indexes: tuple[int, ...]) -> type[Message]:
    """Return the reader's message of the name that the writer's has, else its first."""
    name = _message_name(writer.file, indexes)
    try:
        descriptor = reader.pool.FindMessageTypeByName(name)  # type: ignore[no-untyped-call]
    except KeyError:
        return _message_class(reader, (0,))
    return message_factory.GetMessageClass(descriptor)


def _message_name(file: descriptor_pb2.FileDescriptorProto, indexes: tuple[int, ...]) -> str:
    names = [file.package] if file.package else []
    within: Sequence[descriptor_pb2.DescriptorProto] = file.message_type
    for index in indexes:
        if not 0 <= index < len(within):
            raise RejectedError("decode", "undecodable", "The value names a message that its schema doesn't have.")
        names.append(within[index].name)
        # As the serializers count: what a map is made of is no message of the file's.
        within = [each for each in within[index].nested_type if not each.options.map_entry]
    return ".".join(names)


def _compile(files: Mapping[str, str]) -> bytes:
    """Return a serialized ``FileDescriptorSet`` of the files, those that Protobuf brings along among them."""
    with tempfile.TemporaryDirectory(prefix="retaind-proto-") as folder:
        for name, text in files.items():
            imported = _IMPORT.findall(text)
            for each in (name, *imported):
                _require_inside(each)
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        try:
            compiled: bytes = protoxy.compile_bin([Path(folder, MAIN)], [folder], include_source_info=False)
        except protoxy.ProtoxyError as error:
            raise UnusableSchemaError("it is not a Protobuf file, or lacks one that it imports") from error
    return compiled


def _require_inside(name: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts or "\x00" in name:
        raise UnusableSchemaError("it imports a file by a path that leads elsewhere")
