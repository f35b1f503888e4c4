"""What Klaviyo knows: pages of its API, with events or profiles, as a shop saves them.

A profile says how somebody agreed, and since when. Messages become past messages, the flows that
sent them past enrollments, refusals, bounces and complaints consents that are taken back, and what
happened on the site web events. All are matched to the customers who are landed by the addresses
of their profiles. No event makes anybody more contactable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from winback.base.errors import WinbackError
from winback.landing._formats import Parsed
from winback.landing._stage import Work
from winback.landing.sources._languages import write_languages
from winback.landing.sources._typed import Rows, stage_rows
from winback.landing.sources.klaviyo_api._metrics import event_notes, read_meanings
from winback.landing.sources.klaviyo_api._pages import (
    FIELDS,
    find_event_pages,
    label_of,
    read_events,
    read_pages,
)
from winback.landing.sources.klaviyo_api._profiles import PROFILE_FIELDS, read_profiles
from winback.landing.sources.klaviyo_api._rows import (
    consent_rows,
    enrollment_rows,
    message_rows,
    set_aside_unknown,
    visit_rows,
    write_enrollments,
)
from winback.landing.sources.lists._match import list_notes, match_customers, write_refused

_ROWS: Final[Mapping[str, Callable[[], Rows]]] = {
    "consents": consent_rows,
    "past_messages": message_rows,
    "past_enrollments": enrollment_rows,
    "web_events": visit_rows,
}


def files(source: Path) -> list[Path]:
    """The pages of a folder, or the one page."""
    return find_event_pages(source)


def parse(work: Work, source: Path) -> Parsed:
    """Read the pages, find out whose events they are, and write the tables."""
    pages = files(source)
    customers = work.landed("customers")
    if customers is None:
        raise WinbackError(
            f"{pages[0].name}: an event is matched to the shop's customers by their addresses, and "
            "none are landed, or --replace forgets them. Next: load the shop, then its events "
            "without --replace"
        )
    read_pages(work, pages)
    read_events(work, pages)
    read_meanings(work)
    read_profiles(work)
    work.tell_columns(label_of(pages), "events", FIELDS)
    work.tell_columns(label_of(pages), "profiles", PROFILE_FIELDS)
    match_customers(work, customers)
    # A refusal of texts binds a number, and of a stranger no email address.
    work.connection.execute(
        "delete from matched where customer_id is null and channel = 'sms' and email is not null"
    )
    write_enrollments(work)
    parsed = Parsed()
    for name, rows in _ROWS.items():
        staged = stage_rows(work, name, name, pages[0], rows(), label=label_of(pages))
        if name == "past_messages":
            set_aside_unknown(work, staged)
        parsed.sources.append(staged)
        parsed.tables[name] = staged.path
    if told := write_languages(work, customers, "select email, language from profiles"):
        parsed.tables["customers"] = told
    parsed.refused, parsed.refused_by = write_refused(work), "klaviyo api"
    parsed.notes += [*event_notes(work), *list_notes(work, "klaviyo", 0)]
    return parsed
