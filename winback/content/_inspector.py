"""What the lint finds wrong with messages holds one of them, or a whole step."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from winback.base.settings import Settings
from winback.content._blocked import RenderBlocked
from winback.content._codes import example_codes
from winback.content._frozen import Rendered
from winback.content._links import PREVIEW_TOKEN
from winback.content._render import Renderer
from winback.content.lint import Finding
from winback.content.preview._people import invented

# The reason of what is held here; the rule has the lint's own after it.
LINT: Final = "lint"
# What a message is made of besides its person's facts.
_MADE_OF: Final = (
    "channel", "template", "subject_template", "variant", "locale",
    "offer_kind", "offer_detail", "extra_offer_kind", "extra_offer_detail",
)  # fmt: skip

Samples = list[tuple[dict[str, Any], Rendered]]


class Inspector:
    """Judges each template once, written for invented people, and each message by its words."""

    def __init__(self, renderer: Renderer, settings: Settings) -> None:
        self._renderer, self._settings = renderer, settings
        self._known: dict[tuple[object, ...], Finding | None] = {}

    def check(self, row: Mapping[str, Any], rendered: Rendered, *, unsubscribe_url: str) -> None:
        """Raise RenderBlocked where a message must not leave as it reads."""
        made_of = tuple(row.get(name) for name in _MADE_OF)
        if made_of not in self._known and (samples := self._samples(row)):
            self._known[made_of] = self._of_template(samples)
        if made_of not in self._known:
            # For invented people it can't be written, so each message is judged as a whole.
            found = self._renderer.findings(row, rendered, unsubscribe_url=unsubscribe_url)
        elif held := self._known[made_of]:
            found = [held]
        else:
            found = self._renderer.quick_findings(row, rendered)
        for finding in found:
            if finding.stops:
                raise RenderBlocked(LINT, str(finding), field=finding.rule)

    def _of_template(self, samples: Samples) -> Finding | None:
        """What is wrong with a template whoever it is written for; None where nothing is."""
        for sample, rendered in samples:
            # What hangs on a person's facts is looked for in each message.
            theirs = self._renderer.quick_findings(sample, rendered)
            found = self._renderer.findings(sample, rendered, unsubscribe_url=self._way_out)
            for finding in found:
                if finding.stops and finding not in theirs:
                    return finding
        return None

    def _samples(self, row: Mapping[str, Any]) -> Samples:
        """The messages of this row for invented people, those of them that can be written."""
        found: Samples = []
        for facts in invented(self._settings).values():
            sample = {**row, **facts}
            with suppress(RenderBlocked):
                rendered = self._renderer.render(
                    sample, unsubscribe_url=self._way_out, codes=example_codes
                )
                found.append((sample, rendered))
        return found

    @property
    def _way_out(self) -> str:
        return f"{self._settings.public_base_url.rstrip('/')}/u/{PREVIEW_TOKEN}"
