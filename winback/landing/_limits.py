"""How large an input may be: far beyond any shop's, and each limit is raised by a setting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from winback.base.errors import WinbackError
from winback.base.settings import Settings

_FIELDS: Final = Settings.model_fields


@dataclass(frozen=True)
class Limits:
    """What one file may hold. Each check raises WinbackError that names file, limit and setting."""

    columns: int = _FIELDS["input_columns"].default
    line_megabytes: int = _FIELDS["input_line_megabytes"].default
    unpacked_megabytes: int = _FIELDS["input_unpacked_megabytes"].default
    memory_megabytes: int = _FIELDS["input_memory_megabytes"].default
    list_megabytes: int = _FIELDS["list_megabytes"].default

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(
            settings.input_columns,
            settings.input_line_megabytes,
            settings.input_unpacked_megabytes,
            settings.input_memory_megabytes,
            settings.list_megabytes,
        )

    @property
    def line_bytes(self) -> int:
        return self.line_megabytes << 20

    def check_columns(self, file: str, count: int) -> None:
        if count > self.columns:
            raise self._refusal(
                f"{file} has {count:,} columns, over {self.columns:,}", "INPUT_COLUMNS"
            )

    def check_line(self, file: str, size: int, number: int = 0) -> None:
        if size > self.line_bytes:
            which = f"line {number:,}" if number else "a row"
            raise self._refusal(
                f"{file}: {which} is over {self.line_megabytes:,} MB", "INPUT_LINE_MEGABYTES"
            )

    def check_unpacked(self, file: str, size: int) -> None:
        if size > self.unpacked_megabytes << 20:
            raise self._refusal(
                f"{file} unpacks to over {self.unpacked_megabytes:,} MB",
                "INPUT_UNPACKED_MEGABYTES",
            )

    def check_list(self, file: str, size: int) -> None:
        if size > self.list_megabytes << 20:
            raise self._refusal(f"{file} is over {self.list_megabytes:,} MB", "LIST_MEGABYTES")

    def no_memory(self, file: str) -> WinbackError:
        """What to raise for a file that can't be read in so much memory."""
        return self._refusal(
            f"{file} can't be read in {self.memory_megabytes:,} MB of memory",
            "INPUT_MEMORY_MEGABYTES",
        )

    def _refusal(self, what: str, setting: str) -> WinbackError:
        return WinbackError(
            f"{what}: nothing of it was loaded. Next: mend the file, or raise WINBACK_{setting} "
            "if it is right."
        )
