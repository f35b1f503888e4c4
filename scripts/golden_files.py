"""tests/content/golden/: what every shipped message says, a file a playbook.

Each step on each channel, in each variant, offer and language, for a person of whom all facts are
known and for one of whom none is. A change of words shows there, before anybody reads it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from html import unescape
from pathlib import Path
from typing import Final

from winback.base.clock import FixedClock
from winback.base.languages import languages
from winback.base.settings import Settings
from winback.content.preview import Shown, preview

FOLDER: Final = Path("tests/content/golden")
_CLOCK: Final = FixedClock(datetime(2026, 3, 2, 15, tzinfo=UTC))
_UNSEEN: Final = re.compile(r"<(style|head)\b.*?</\1>|<!--.*?-->|<[^<>]+>", re.DOTALL)


def settings() -> Settings:
    """A shop's, whatever this machine's are."""
    return Settings.load(
        _env_file=None, brand_file=Path("no-brand.toml"), brand_name="Example Shop",
        shop_url="https://shop.example.com", shop_timezone="UTC", shop_country="",
        shop_language="en", languages="", postal_address="1 Main St, Springfield",
        from_email="hello@shop.example.com", public_base_url="https://hooks.example.com",
        twilio_messaging_service_sid="MG1", twilio_rcs_service_sid="MG2",
        twilio_whatsapp_from="+15550009", twilio_voice_from="+15550008",
        voice_opt_out_number="+18005550100",
    )  # fmt: skip


@cache
def shown(root: Path) -> dict[str, list[Shown]]:
    """Every message of every playbook, enabled or not, by playbook."""
    seeds = root / "dbt_project" / "seeds"
    with (seeds / "playbooks.csv").open(newline="", encoding="utf-8") as file:
        playbooks = [row["playbook_id"] for row in csv.DictReader(file)]
    return {
        playbook: preview(
            settings(), _CLOCK, playbook=playbook, locales=tuple(languages()),
            seeds_dir=seeds, templates_dir=root / "templates",
        )[0]
        for playbook in playbooks
    }  # fmt: skip


def files(root: Path) -> Mapping[Path, str]:
    """The files by their paths in the project."""
    return {
        FOLDER / f"{playbook}.txt": "\n".join(map(_told, messages))
        for playbook, messages in shown(root).items()
    }


def seen(page: str) -> str:
    """The words of a page as they are read, in one line."""
    return " ".join(unescape(_UNSEEN.sub(" ", page)).split())


def _told(it: Shown) -> str:
    parts = (f"step {it.step}", it.channel, it.variant, it.offer_id, it.locale, it.about)
    lines = [f"=== {', '.join(filter(None, parts))}"]
    if it.unwritten:
        return "\n".join([*lines, f"not written: {it.unwritten}", ""])
    lines += [f"subject: {it.subject}"] if it.page else []
    lines += [it.words.rstrip()]
    lines += [f"page: {seen(it.page)}"] if it.page else []
    return "\n".join([*lines, ""])
