"""Lists of customers for ads: hashes in files that a person hands to a platform, or does not.

SQL decides who may be in which (`ad_people`). Meta and Google ask for SHA-256 of addresses in one
spelling each: https://www.facebook.com/business/help/606443329504150 and
https://support.google.com/google-ads/answer/7659867. Nothing here calls a platform.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from winback.base.cells import CellWriter
from winback.base.clock import Clock
from winback.base.duck import connect, literal, rows_of
from winback.base.errors import UsageError, meant
from winback.base.private import keep_private, open_private
from winback.base.settings import Settings
from winback.base.whole import written_whole
from winback.warehouse import require_recent, segment_names

_STATE: Final = "audience.json"
# Within this time a person takes out at the platform who has left a list.
REMOVE_WITHIN: Final = timedelta(days=1)
_PLAIN_PHONE: Final = "sha256(phone)"
# As Google wants it: an address of Gmail without its dots.
_GMAIL: Final = """
    sha256(case when split_part(email, '@', 2) in ('gmail.com', 'googlemail.com')
        then replace(split_part(email, '@', 1), '.', '') || '@' || split_part(email, '@', 2)
        else email end)
"""


@dataclass(frozen=True)
class Form:
    """How a platform wants a list: the names of its columns, and an address as SQL makes it."""

    columns: tuple[str, str]
    email: str
    phone: str


FORMS: Final = {
    # Digits alone, with the country's code.
    "meta": Form(("email", "phone"), "sha256(email)", "sha256(ltrim(phone, '+'))"),
    "google": Form(("Email", "Phone"), _GMAIL, _PLAIN_PHONE),
    "csv": Form(("email_sha256", "phone_sha256"), "sha256(email)", _PLAIN_PHONE),
}
_LIST: Final = """
    select distinct {email} as email, {phone} as phone
    from read_parquet({people}) as people
    where list_kind = {kind} and coalesce(email, phone) is not null {members}
    order by all
"""
_MEMBERS: Final = """
    and customer_id in (select customer_id from read_parquet({members}) where segment = {segment})
"""
_LEFT_OUT: Final = """
    select reason, count(*) as people from read_parquet({people}) as people
    where reason is not null {members} group by reason order by reason
"""
_Row = tuple[str, str]


@dataclass(frozen=True)
class Audience:
    """An exported list: addresses in it, to be kept away and to be taken out, and since when."""

    segment: str
    platform: str
    folder: Path
    exported_at: str
    included: int
    excluded: int
    to_remove: int
    # When the first of those that wait to be removed left the list; empty where none waits.
    remove_since: str


def export_audience(
    settings: Settings, clock: Clock, segment: str, platform: str
) -> tuple[Audience, dict[str, int]]:
    """Write a segment's lists for a platform; and why how many members are in none.

    include.csv and exclude.csv are whole lists; remove.csv has what an earlier include.csv had and
    this one hasn't, until `note_removed`. Raises UsageError for a segment that is none, and
    WinbackError where what is published is old.
    """
    if segment not in (names := segment_names()):
        raise UsageError(f"there is no segment {segment}{meant(segment, names)}")
    return _export(settings, clock, segment, platform)


def _export(
    settings: Settings, clock: Clock, segment: str, platform: str
) -> tuple[Audience, dict[str, int]]:
    published = settings.published_dir / "current"
    require_recent(published, clock.now())
    form = FORMS[platform]
    people = literal(published / "ad_people.parquet")
    members = _MEMBERS.format(
        members=literal(published / "segment_members.parquet"), segment=literal(segment)
    )
    with connect() as connection:
        lists = {
            kind: [
                (str(row["email"] or ""), str(row["phone"] or ""))
                for row in rows_of(connection.execute(
                    _LIST.format(email=form.email, phone=form.phone, people=people,
                                 kind=literal(kind), members=members if kind == "include" else "")
                ))
            ]
            for kind in ("include", "exclude")
        }  # fmt: skip
        query = _LEFT_OUT.format(people=people, members=members)
        left_out = {
            str(row["reason"]): int(str(row["people"]))
            for row in rows_of(connection.execute(query))
        }
    keep_private(settings.home)
    folder = settings.audiences_dir / f"{segment}-{platform}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    at = clock.now().isoformat()
    _write(folder, form, lists, {"segment": segment, "platform": platform, "exported_at": at})
    return _read_audience(folder), left_out


def refresh_audiences(settings: Settings, clock: Clock) -> list[Audience]:
    """Write every list that was exported before anew, so that who left it can be taken out.

    Everybody has left the list of a segment that there is no more.
    """
    return [
        _export(settings, clock, it.segment, it.platform)[0] for it in list(audiences(settings))
    ]


def note_removed(
    settings: Settings, segment: str, platform: str, until: datetime | None = None
) -> int:
    """Forget the addresses that a person has taken out at the platform; how many they were.

    Those who left the list after `until`, when the person read remove.csv, stay in it.
    """
    for it in audiences(settings):
        if (it.segment, it.platform) == (segment, platform):
            state = _read_state(it.folder)
            waiting = _waiting(it.folder, state)
            left = {
                row: since
                for row, since in waiting.items()
                if until is not None and not (since and datetime.fromisoformat(since) <= until)
            }
            _write_rows(it.folder / "remove.csv", FORMS[platform], sorted(left))
            _write_state(it.folder, state, left)
            return len(waiting) - len(left)
    raise UsageError(f"{segment} was never exported for {platform}. Next: winback audience list")


def audiences(settings: Settings) -> Iterator[Audience]:
    """The lists that were exported, by segment and platform."""
    for path in sorted(settings.audiences_dir.glob(f"*/{_STATE}")):
        yield _read_audience(path.parent)


def rows_naming(
    settings: Settings, emails: Iterable[str], phones: Iterable[str]
) -> Iterator[tuple[Path, int, dict[str, str]]]:
    """The rows of all lists that have a hash of one of these addresses: file, line, and of what.

    An address is lower case, a number in E.164.
    """
    with connect() as connection:
        hashes = {
            str(row[0])
            for form in FORMS.values()
            for name, spelling, found in (
                ("email", form.email, emails), ("phone", form.phone, phones),
            )
            for address in found
            if (row := connection.execute(
                f"select {spelling} from (select {literal(address)} as {name})"
            ).fetchone())
        }  # fmt: skip
    for it in audiences(settings):
        for kind in ("include", "exclude", "remove"):
            path = it.folder / f"{kind}.csv"
            told = {"segment": it.segment, "platform": it.platform, "list": kind}
            for line, row in enumerate(_rows(path), start=2):
                if hashes & {*row}:
                    yield path, line, told | {"exported_at": it.exported_at}


def waiting_removals(settings: Settings) -> Iterator[str]:
    """A line for each list of which somebody is to be taken out at the platform."""
    return (_removal(it) for it in audiences(settings) if it.to_remove)


def overdue_removals(settings: Settings, now: datetime) -> Iterator[str]:
    """Those of them that have waited for longer than a day."""
    for it in audiences(settings):
        since = it.remove_since and datetime.fromisoformat(it.remove_since)
        if it.to_remove and since and now - since > REMOVE_WITHIN:
            yield _removal(it)


def _removal(it: Audience) -> str:
    name = f"{it.segment} --for {it.platform}"
    return (
        f"{it.to_remove:,} who left {it.segment} wait since {it.remove_since:.10} to be taken out "
        f"of the list at {it.platform}. Next: do so with {it.folder / 'remove.csv'}, then winback "
        f"audience removed {name} --until {it.exported_at}"
    )


def _write(folder: Path, form: Form, lists: dict[str, list[_Row]], state: dict[str, str]) -> None:
    waiting = _waiting(folder, _read_state(folder))
    before = {*_rows(folder / "include.csv"), *waiting} - set(lists["include"])
    removed = {row: waiting.get(row) or state["exported_at"] for row in sorted(before)}
    # What is to be removed first: cut short here, the next export finds it again.
    files = {"remove": [*removed], "exclude": lists["exclude"], "include": lists["include"]}
    for name, rows in files.items():
        _write_rows(folder / f"{name}.csv", form, rows)
    _write_state(folder, state, removed)


def _write_rows(path: Path, form: Form, rows: list[_Row]) -> None:
    with written_whole(path) as beside, open_private(beside) as file:
        CellWriter(file).writerows([form.columns, *rows])


def _waiting(folder: Path, state: dict[str, Any]) -> dict[_Row, str]:
    """The rows of remove.csv, and since when each is in it: empty where an export was cut short."""
    # An older winback kept one time for all rows.
    known = state.get("removed")
    rows = _rows(folder / "remove.csv")
    if known is None:
        return dict.fromkeys(rows, state.get("remove_since", ""))
    return {row: known.get(_mark(row), "") for row in rows}


def _mark(row: _Row) -> str:
    """Tells the rows of a file apart, and is not what a platform knows a person by."""
    return sha256(",".join(row).encode()).hexdigest()[:16]


def _read_audience(folder: Path) -> Audience:
    state = _read_state(folder)
    return Audience(
        segment=state["segment"],
        platform=state["platform"],
        folder=folder,
        exported_at=state["exported_at"],
        included=len(_rows(folder / "include.csv")),
        excluded=len(_rows(folder / "exclude.csv")),
        to_remove=len(_rows(folder / "remove.csv")),
        remove_since=state["remove_since"],
    )


def _rows(path: Path) -> list[_Row]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [(row[0], row[1]) for row in list(csv.reader(file))[1:]]


def _read_state(folder: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads((folder / _STATE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return told


def _write_state(folder: Path, state: dict[str, Any], removed: dict[_Row, str]) -> None:
    told = state | {
        "remove_since": min(removed.values(), default=""),
        "removed": {_mark(row): since for row, since in removed.items()},
    }
    with written_whole(folder / _STATE) as beside, open_private(beside) as file:
        json.dump(told, file)
