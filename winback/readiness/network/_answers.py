"""Questions and answers: what came of one, and one call that gets a plain answer in time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import requests

Verdict = Literal["ok", "wrong", "unknown"]
SECONDS: Final = 5.0


@dataclass(frozen=True)
class Answer:
    """What came of one question. `unknown`: nobody said, which is no reason against."""

    about: str
    verdict: Verdict
    says: str

    def __str__(self) -> str:
        return f"{self.about}: {self.verdict}: {self.says}"


@dataclass(frozen=True)
class Reply:
    """A response, or why there is none."""

    status: int = 0
    json: Any = None
    why: str = ""

    def unless_read(self, about: str, *, setting: str) -> Answer | None:
        """What a reply comes to that can't be read further."""
        if self.status in {401, 403}:
            return Answer(about, "wrong", f"is refused ({self.status}). Next: {setting}")
        if self.status == 200 and isinstance(self.json, dict):
            return None
        return Answer(about, "unknown", self.why or f"answered {self.status}")


def get(url: str, **more: Any) -> Reply:
    """An answer within a time-out. No redirect is followed: a key would go along."""
    try:
        response = requests.get(url, timeout=SECONDS, allow_redirects=False, **more)
        if "json" not in response.headers.get("Content-Type", ""):
            return Reply(response.status_code)
        return Reply(response.status_code, response.json())
    except (requests.RequestException, ValueError) as error:
        # Its text holds the address, and an id of the account in it.
        return Reply(why=f"no answer ({type(error).__name__})")
