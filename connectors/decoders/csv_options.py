"""The options of the CSV decoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from connectors.decoders.tabular_options import TabularOptions

if TYPE_CHECKING:
    from collections.abc import Sequence


class CsvOptions(TabularOptions):
    """One record of separated values per event (RFC 4180); of a file, a line, or more with source.format: csv."""

    type: Literal["csv"] = "csv"
    columns: tuple[str, ...] | None = Field(
        None, min_length=1, description="Names of all columns, in order; by default the header's."
    )
    header: bool = Field(
        False,
        description="Lines of column names give the order of columns in their file; without columns, the first line"
        " gives the names.",
    )
    delimiter: str = Field(",", min_length=1, max_length=1, description="Character between two values.")

    @model_validator(mode="after")
    def _columns_are_known(self) -> Self:
        if self.delimiter in '"\r\n':
            raise ValueError("delimiter must not be a quote or a line break")
        if self.columns is None and not self.header:
            raise ValueError("give columns (their names), or header: true where the first line names them")
        if self.columns is not None:
            problem = self.problem_with(self.columns)
            if problem:
                raise ValueError(f"columns {problem}")
        return self

    @property
    def wanted(self) -> list[str]:
        """All fields that the options name."""
        return [*(self.features or ()), *sorted(self.named)]

    def problem_with(self, columns: Sequence[str]) -> str | None:
        """Return why these cannot be the names of the columns, None where they can."""
        if len(set(columns)) != len(columns):
            return "have a name twice"
        missing = [name for name in self.wanted if name not in columns]
        return f"lack {missing[0]!r}, which the decoder's options name" if missing else None
