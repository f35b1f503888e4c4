"""How many messages a second are written on one core: `python benchmarks/render.py [N]`.

A message is rendered, its links replaced, and frozen, as planning does it. Beside it stands Jinja
alone, which fills the same templates with the same facts; the ratio is what our checks cost.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from winback.base.settings import Settings
from winback.content import Renderer
from winback.content._context import template_context
from winback.content._render import TEMPLATES_DIR
from winback.content._templates import Templates
from winback.content.brand import Brand

WAY_OUT: Final = "https://hooks.example.com/u/abc"
SETTINGS: Final = Settings.load(
    postal_address="1 Main St", from_email="hello@example.com",
    public_base_url="https://hooks.example.com", twilio_messaging_service_sid="MG1",
)  # fmt: skip
MAIL: Final = ("sms_email/2_offer", "email", ("subject.txt", "txt", "html"))
TEXT: Final = ("sms_email/1", "sms", ("txt",))


def row(number: int, template: str, channel: str) -> dict[str, Any]:
    """One person's facts; no two are alike."""
    return {
        "template": template, "channel": channel, "first_name": "Alexandra",
        "last_product_name": f"Stoneware Set {number}", "favorite_category": "Coffee & Tea",
        "zones": "America/New_York", "offer_kind": "percent", "offer_value": Decimal(20),
        "offer_code": "WELCOME20", "offer_expires_at": datetime(2026, 4, 9, tzinfo=UTC),
    }  # fmt: skip


def rate(count: int, write: Callable[[Mapping[str, Any]], object], *what: str) -> float:
    """Messages a second."""
    rows = [row(number, *what) for number in range(count)]
    for warm in rows[:50]:
        write(warm)
    began = time.process_time()
    for one in rows:
        write(one)
    return count / (time.process_time() - began)


def main() -> None:
    """Print both rates for texts and mails, and their ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 5_000
    renderer, templates, look = Renderer(SETTINGS), Templates(TEMPLATES_DIR), Brand().look()
    found = {}
    for name, (template, channel, parts) in (("texts", TEXT), ("mails", MAIL)):

        def alone(facts: Mapping[str, Any], template: str = template, parts: Any = parts) -> None:
            context = template_context(facts, SETTINGS)
            context |= {"unsubscribe_url": WAY_OUT, "look": look}
            for part in parts:
                templates.fill(f"{template}.{part}", context)

        def whole(facts: Mapping[str, Any]) -> object:
            return renderer.render(
                facts, unsubscribe_url=WAY_OUT, link_at=lambda at: f"https://h.example/r/{at}"
            )

        ours, bare = rate(count, whole, template, channel), rate(count, alone, template, channel)
        found[name] = {
            "per_second": round(ours),
            "jinja_alone_per_second": round(bare),
            "of_jinja_alone": round(ours / bare, 2),
        }
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
