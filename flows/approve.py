"""A person's yes by a form in Prefect's UI; `winback approve` does the same in a terminal.

The run suspends, so that no worker waits with it, and begins anew once the form is sent. Form and
command write the ledger and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import Final

from prefect import flow
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field

from flows._ending import end_flow, ends_in_a_sentence
from flows._forms import about, named, with_form
from winback.base.clock import shop_time
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.ledger import Decision, has_ledger, open_ledger
from winback.sending import Waiting, decide, read_waiting

_LONGEST_TEXT: Final = 1_500
_PUNCTUATION: Final = re.compile(r"[!-/:-@\[-`{-~]")


class Answer(RunInput):
    """What a person says to a request."""

    approve: bool = Field(False, description="Switch it on, and these messages leave.")
    name: str = Field("", description="Your name: the ledger keeps who decided.")
    note: str = Field(
        "", description="Why. A note alone, without the switch, refuses: then nothing of it leaves."
    )

    def decision(self) -> Decision | None:
        """None: they have not said enough."""
        if not self.name.strip():
            return None
        if self.approve:
            return "yes"
        return "no" if self.note.strip() else None


@flow(name="approve", flow_run_name=named("approve {request}"), description=about("approve"))
@with_form
@ends_in_a_sentence
def approve(request: str = "") -> list[str]:
    """Show what waits for a person's yes, and ask for it; without a request, all that wait.

    Press Resume on the run's page to see the form. Nothing leaves in this run: the next one that
    sends goes by what was decided.
    """
    settings, done = Settings.load(), list[str]()
    while (waiting := _next(settings, request)) is not None:
        done.append(_decide(settings, waiting))
    told = "; ".join(done) or "Nothing waits for a decision here. Next: winback approvals"
    return end_flow(told, done)


def _next(settings: Settings, request: str) -> Waiting | None:
    """The next request to be decided, of all or the one that is named."""
    if not has_ledger(settings):
        return None
    with open_ledger(settings) as ledger:
        waiting, _ = read_waiting(ledger, settings)
    return next(
        (it for it in waiting if it.held.is_open and request in {"", it.request.approval_id}), None
    )


def _decide(settings: Settings, waiting: Waiting) -> str:
    """Ask until somebody says enough, and write it down."""
    key = waiting.request.approval_id
    answer, decision = _ask(settings, waiting)
    try:
        with open_ledger(settings) as ledger:
            decide(ledger, key, decision, by=f"{answer.name.strip()}, by form", note=answer.note)
    except WinbackError as stale:
        return str(stale)
    verb = "approved" if decision == "yes" else "refused"
    return f"{waiting.held.part} was {verb} by {answer.name.strip()}"


def _ask(settings: Settings, waiting: Waiting) -> tuple[Answer, Decision]:
    attempts = count(1)
    while True:
        attempt = next(attempts)
        described = describe(waiting, settings, _HINT if attempt > 1 else "")
        # The key is the same when the run begins anew, and so it gets what was filled in.
        answer = suspend_flow_run(
            wait_for_input=Answer.with_initial_data(description=described),
            key=f"{waiting.request.approval_id}-{attempt}",
        )
        if (decision := answer.decision()) is not None:
            return answer, decision


_HINT: Final = (
    "**Please say a little more:** your name, and either the switch or a note that says why not."
)


def describe(waiting: Waiting, settings: Settings, hint: str = "") -> str:
    """What the form shows, in Markdown; nothing in it is a customer's."""
    return "\n\n".join(_parts(waiting, settings, hint))


def _parts(waiting: Waiting, settings: Settings, hint: str) -> Iterator[str]:
    request, zone = waiting.request, settings.shop_timezone
    if hint:
        yield hint
    yield f"## May it leave? Step {request.step} of {_plain(request.playbook_id)}"
    yield f"{waiting.held.why.capitalize()}."
    yield (
        f"**{request.messages:,}** message{'' if request.messages == 1 else 's'} for "
        f"**{request.cost_cents / 100:,.2f}**, asked at {shop_time(request.asked_at, zone)}. "
        f"Without an answer it is asked anew at {shop_time(request.expires_at, zone)}."
    )
    yield "### What they read, written for invented people"
    for shown in waiting.renders:
        variant = f", {shown.variant}" if shown.variant else ""
        yield f"**{_plain(f'{shown.channel}{variant}: {shown.about}')}**"
        text = f"{shown.subject}\n\n{shown.words}" if shown.subject else shown.words
        yield _quoted(text if len(text) <= _LONGEST_TEXT else f"{text[:_LONGEST_TEXT]}…")
    yield f"All of them, as phones and mail programs show them: {_plain(str(waiting.page))}"
    yield f"In a terminal: `winback approve {request.approval_id}`"


def _quoted(text: str) -> str:
    """A text as a quotation, line by line: the form would cut a block of code off at its edge."""
    paragraphs = re.split(r"\n\s*\n", text.strip())
    return "\n>\n".join(
        "\\\n".join(f"> {_plain(line)}" for line in paragraph.split("\n"))
        for paragraph in paragraphs
    )


def _plain(text: str) -> str:
    """Nothing in it means anything in Markdown, or in HTML."""
    return _PUNCTUATION.sub(r"\\\g<0>", text)
