"""Which format records are in, by the first of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from daemon.proposal.refusal import NoProposalError
from daemon.proposal.separated import separated

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ENOUGH = 0.5
_JSON_LINES = "one object a line is expected: `jq -c '.[]' FILE > FILE.jsonl` makes that of a list"
_MAGIC: Mapping[bytes, str] = {
    b"PAR1": "it is a Parquet file; write it as CSV or JSON lines",
    b"PK\x03\x04": "it is a zip archive or a spreadsheet; unpack it, or save the sheet as CSV",
    b"\xff\xfe": "it is UTF-16; `iconv -f UTF-16 -t UTF-8 FILE > NEW` makes it UTF-8",
    b"\xfe\xff": "it is UTF-16; `iconv -f UTF-16 -t UTF-8 FILE > NEW` makes it UTF-8",
    b"\x00": "it is binary, perhaps with the five bytes of a schema registry in front; set decoder by hand",
    b"\x89HDF": "it is an HDF5 file; write it as CSV or JSON lines",
    b"\x93NUMPY": "it is a NumPy file; write it as CSV or JSON lines",
    b"Obj\x01": "it is an Avro file; write it as JSON lines",
    b"BZh": "it is compressed with bzip2; only gzip is read as it is",
    b"\xfd7zXZ": "it is compressed with xz; only gzip is read as it is",
    b"(\xb5/\xfd": "it is compressed with zstd; only gzip is read as it is",
}
"""What begins so, and what to do about it."""


def decoder_for(values: Sequence[bytes]) -> dict[str, Any]:
    """Return the options of a decoder that reads these payloads; raise ``NoProposalError`` where there is none."""
    if not values:
        raise NoProposalError("there is nothing in it yet")
    for magic, why in _MAGIC.items():
        if values[0].startswith(magic):
            raise NoProposalError(why)
    objects = sum(map(_is_object, values))
    if objects > _ENOUGH * len(values):
        return {"type": "json"}
    if values[0].lstrip().startswith((b"[", b"{")):
        raise NoProposalError(f"it looks like JSON, but its lines are no objects; {_JSON_LINES}")
    return separated(_texts(values))


def _is_object(value: bytes) -> bool:
    try:
        return isinstance(orjson.loads(value), dict)
    except orjson.JSONDecodeError:
        return False


def _texts(values: Sequence[bytes]) -> list[str]:
    try:
        return [value.decode() for value in values]
    except UnicodeDecodeError as error:
        raise NoProposalError(
            f"it is not UTF-8 ({error.reason} at byte {error.start} of a line);"
            " `iconv -f LATIN1 -t UTF-8 FILE > NEW` mends it, if it is of Western Europe"
        ) from None
