"""Read a date as shops write it, and only what is without doubt, as ISO 8601.

A numeric date with slashes or dashes that may begin with the day or the month is told by
its column. A date with dots begins with the day. Years have four digits: a two-digit one
is read only where the format is stated.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from winback.landing._doubt import Doubt

Order = Literal["day first", "month first"]

# Month names and their short forms in the shipped languages (CLDR).
_MONTHS: Final = (
    "january jan januar janvier janv enero ene gennaio gen januari janeiro stycznia styczen sty",
    "february feb februar fevrier fevr febrero febbraio februari fevereiro fev lutego luty lut",
    "march mar marz maerz mars marzo maart mrt marco marca marzec",
    "april apr avril avr abril abr aprile kwietnia kwiecien kwi",
    "may mai mayo maggio mag mei maio maja maj",
    "june jun juni juin junio giugno giu junho czerwca czerwiec cze",
    "july jul juli juillet juil julio luglio lug julho lipca lipiec lip",
    "august aug aout agosto ago augustus sierpnia sierpien sie",
    "september sep sept septembre septiembre settembre set setembro wrzesnia wrzesien wrz",
    "october oct oktober okt octobre octubre ottobre ott outubro out pazdziernika pazdziernik paz",
    "november nov novembre noviembre novembro listopada listopad lis",
    "december dec dezember dez decembre diciembre dic dicembre dezembro grudnia grudzien gru",
)
_MONTH_OF: Final = {
    word: number for number, words in enumerate(_MONTHS, start=1) for word in words.split()
}
_WEEKDAYS: Final = (
    "monday mon montag mo lundi lun lunes lunedi maandag ma segunda poniedzialek pon",
    "tuesday tue tues dienstag di mardi martes martedi dinsdag terca wtorek wt",
    "wednesday wed mittwoch mi mercredi mer miercoles mie mercoledi woensdag wo quarta sroda sr",
    "thursday thu thurs donnerstag do jeudi jeu jueves jue giovedi gio donderdag quinta czwartek",
    "friday fri freitag fr vendredi ven viernes vie venerdi vrijdag vr sexta piatek pt",
    "saturday sat samstag sa samedi sam sabado sab sabato zaterdag za sobota sob",
    "sunday sun sonntag so dimanche dim domingo dom domenica zondag zo niedziela niedz",
)
_WEEKDAY_OF: Final = {
    word: number for number, words in enumerate(_WEEKDAYS) for word in words.split()
}

_ISO: Final = re.compile(
    r"\d{4}-?\d\d-?\d\d"
    r"(?:[Tt ]\d\d:?\d\d(?::?\d\d(?:[.,]\d{1,9})?)? ?(?:[Zz]|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_EPOCH: Final = re.compile(r"(\d{9,10})(?:\.(\d{1,9}))?|(\d{10})(\d{3})", re.ASCII)
_CLOCK: Final = re.compile(
    r"(?P<day>.+?)(?:,? (?:at |um |à )?|[Tt])"
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?"
    r"(?: ?(?:(?P<utc>Z|z|UTC|GMT|UT)|(?:UTC|GMT)?(?P<offset>[+-]\d\d:?\d\d)(?: (?:UTC|GMT))?))?"
    r"(?: \([^()]*\))?",
    re.ASCII,
)
_YEAR_FIRST: Final = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})", re.ASCII)
_DOTTED: Final = re.compile(r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})", re.ASCII)
_EITHER: Final = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})", re.ASCII)
_NAMED: Final = (
    # 5 Mar 2026, 5. März 2026, 5 de marzo de 2026, 05-Mar-2026, 5th of March 2026
    re.compile(
        r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|\.|º)?[ -](?:de |of )?"
        r"(?P<month>[^\W\d_]+)\.?,?[ -](?:de |of )?(?P<year>\d{4})"
    ),
    # Mar 5, 2026
    re.compile(r"(?P<month>[^\W\d_]+)\.?[ -](?P<day>\d{1,2})(?:st|nd|rd|th)?,?[ -](?P<year>\d{4})"),
    # 2026-Mar-05
    re.compile(r"(?P<year>\d{4})[ -](?P<month>[^\W\d_]+)\.?[ -](?P<day>\d{1,2})"),
)
_WEEKDAY: Final = re.compile(r"([^\W\d_]+)\.?,? (.+)")


def read_date(text: str, order: Order | None = None, *, stated: bool = False) -> str | Doubt | None:
    """The date, with its time and offset where it has them; None where it is none.

    `order` is the column's. Where a format is `stated`, the numeric dates that don't fit it
    are not read.
    """
    if _ISO.fullmatch(text):
        return text
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    if epoch := _EPOCH.fullmatch(text):
        return _from_epoch(epoch)
    clock = _CLOCK.fullmatch(text)
    day = _day(clock["day"] if clock else text, order, stated)
    if day is None or isinstance(day, Doubt):
        return day
    if clock is None:
        return day.isoformat()
    time = _time(clock)
    return None if time is None else f"{day.isoformat()}T{time}"


def day_or_month_first(text: str) -> Order | None:
    """The order of day and month that this text alone proves, if it proves one."""
    text = " ".join(text.split())
    clock = _CLOCK.fullmatch(text)
    found = _EITHER.fullmatch(clock["day"] if clock else text)
    if found is None:
        return None
    first, second, year = found[1], found[3], found[4]
    day_first, month_first = _date(year, second, first), _date(year, first, second)
    if bool(day_first) == bool(month_first):
        return None
    return "day first" if day_first else "month first"


def _day(text: str, order: Order | None, stated: bool) -> date | Doubt | None:
    text = text.strip().rstrip(",")
    if found := _YEAR_FIRST.fullmatch(text):
        return _date(found[1], found[3], found[4])
    if found := _DOTTED.fullmatch(text):
        return None if stated else _date(found[3], found[2], found[1])
    if found := _EITHER.fullmatch(text):
        if stated:
            return None
        return _either(int(found[1]), int(found[3]), int(found[4]), order)
    return _named(text)


def _either(first: int, second: int, year: int, order: Order | None) -> date | Doubt | None:
    day_first, month_first = _date(year, second, first), _date(year, first, second)
    if order is not None:
        return day_first if order == "day first" else month_first
    if day_first and month_first and day_first != month_first:
        return Doubt.OPEN
    return day_first or month_first


def _named(text: str) -> date | None:
    weekday = None
    if (begun := _WEEKDAY.fullmatch(text)) and _fold(begun[1]) in _WEEKDAY_OF:
        weekday, text = _WEEKDAY_OF[_fold(begun[1])], begun[2]
    for form in _NAMED:
        if found := form.fullmatch(text):
            month = _MONTH_OF.get(_fold(found["month"]))
            day = _date(found["year"], month, found["day"]) if month else None
            # A weekday that doesn't fit says that one of the two is a slip.
            return day if day and weekday in (None, day.weekday()) else None
    return None


def _time(clock: re.Match[str]) -> str | None:
    hour, minute, second = int(clock["hour"]), int(clock["minute"]), int(clock["second"] or 0)
    if clock["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if clock["half"] in "Pp" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    part = f".{clock['part']}" if clock["part"] else ""
    offset = "Z" if clock["utc"] else (clock["offset"] or "")
    return f"{hour:02}:{minute:02}:{second:02}{part}{offset}"


def _from_epoch(found: re.Match[str]) -> str | None:
    whole, part, seconds, thousandths = found.groups()
    digits = whole or seconds + thousandths
    # 2026030510 could be a day and an hour.
    if _date(digits[:4], digits[4:6], digits[6:8]) and 1900 <= int(digits[:4]) < 2200:
        return None
    fraction = part or thousandths or "0"
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(whole or seconds))
    return f"{at:%Y-%m-%dT%H:%M:%S}.{fraction}Z"


def _date(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _fold(word: str) -> str:
    word = word.casefold().replace("ł", "l")
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))
