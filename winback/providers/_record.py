"""One callback as it came in, and as a line of the event log."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Record:
    """One callback as it came in; `ref` is its part of the log and line once it is on disk."""

    provider: str
    endpoint: str
    received_at: datetime
    query: str
    headers: dict[str, str]
    body: bytes
    ref: str = ""

    def to_line(self) -> str:
        try:
            body = {"body": self.body.decode()}
        except UnicodeDecodeError:
            body = {"body_base64": base64.b64encode(self.body).decode()}
        fields = {
            "provider": self.provider,
            "endpoint": self.endpoint,
            "received_at": self.received_at.isoformat(),
            "query": self.query,
            "headers": self.headers,
            **body,
        }
        return json.dumps(fields, ensure_ascii=True) + "\n"

    @classmethod
    def from_line(cls, line: str, *, ref: str) -> Record:
        fields = json.loads(line)
        encoded = fields.get("body_base64")
        return cls(
            provider=fields["provider"],
            endpoint=fields["endpoint"],
            received_at=datetime.fromisoformat(fields["received_at"]),
            query=fields["query"],
            headers=fields["headers"],
            body=base64.b64decode(encoded) if encoded is not None else fields["body"].encode(),
            ref=ref,
        )
