"""What a content reads like, written for the two invented people: nothing in it is a customer's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from winback.base.languages import language
from winback.base.settings import Settings
from winback.content._blocked import RenderBlocked
from winback.content._codes import example_codes
from winback.content._links import PREVIEW_TOKEN
from winback.content._render import Renderer
from winback.content.preview._people import invented


def sample_rows(
    renderer: Renderer, settings: Settings, row: Mapping[str, Any], content: str
) -> list[dict[str, Any]]:
    """The samples of a content as the ledger keeps them: two, or one where both read the same.

    `row` is any message of it, whose facts give way to those of the invented people.
    """
    way_out = f"{settings.public_base_url.rstrip('/')}/u/{PREVIEW_TOKEN}"
    is_alone = len(settings.enabled_languages) == 1
    rows: dict[str, dict[str, Any]] = {}
    for pos, (about, facts) in enumerate(invented(settings).items(), start=1):
        try:
            written = renderer.render(
                {**row, **facts}, unsubscribe_url=way_out, codes=example_codes
            )
        except RenderBlocked:
            continue
        sample = {
            "content_sha256": content,
            "pos": pos,
            "about": about if is_alone else f"{about}, {language(written.locale).word('name')}",
            "channel": row["channel"],
            "variant": row["variant"] or "",
            "payload_json": written.payload_json,
            "segments": written.sms_parts,
        }
        rows.setdefault(written.payload_sha256, sample)
    return list(rows.values())
