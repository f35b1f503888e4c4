"""Why a message can't be written."""

from __future__ import annotations


class RenderBlocked(Exception):
    """A message that must not be sent as it would read; `reason` is counted in reports.

    `field` names the fact that is missing, never its value.
    """

    def __init__(self, reason: str, detail: str, *, field: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
        self.rule = f"{reason}:{field}" if field else reason
