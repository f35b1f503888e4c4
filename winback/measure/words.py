"""Words for what the ledger and the models name, as a person's story, a run's end and the report
say them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from winback.base.words import OUTCOMES

CHANNELS: Final = {"sms": "text", "direct_mail": "letter"}
STATES: Final = {
    **OUTCOMES,
    "unknown": "may have been sent: no response came. It is never sent again by itself",
    "unknown_final": "may have been sent: nobody will know. It is never sent again",
    "cancelled": "not sent: cancelled",
    "planned": "planned, not sent yet",
    "deferred": "planned, to be tried again",
    "claimed": "planned, in the hands of a run",
    "sending": "on its way",
}


def channel_word(channel: str) -> str:
    return CHANNELS.get(channel, channel)


def tell_comparison(row: Mapping[str, Any]) -> str:
    """One comparison of a playbook's groups in a sentence or two, from the verdict on.

    `row` has `playbook`, `contrast` (`a-vs-b`), `window_days`, `verdict`, the people `written_to`
    (of the first group) and `still_open`, `percent_written_to` and `percent_left_alone` of both
    groups, and their difference `points` with `points_low` and `points_high`.
    """
    first, _, second = row["contrast"].partition("-vs-")
    is_whole, is_alone = first == "treatment", second == "holdout"
    playbook = row["playbook"]
    subject = f"The messages of {playbook}" if is_whole else f"Variant {first} of {playbook}"
    short = playbook if is_whole else f"{playbook}, {first} against {second}"
    if row["verdict"] == "withheld":
        return (
            f"{short}: no result. The groups are not as large as planned, so something has sorted "
            "people, and a comparison would mislead."
        )
    others = "to be left alone" if is_alone else f"for {second}"
    groups = (
        f"Of 100 customers picked for {'them' if is_whole else first}, "
        f"{row['percent_written_to']:.1f} bought again within {row['window_days']} days; of 100 "
        f"picked {others}, {row['percent_left_alone']:.1f}."
    )
    people = f"{row['written_to']:,} customers"
    least, most = sorted(abs(brought(row, end)) for end in ("points_low", "points_high"))
    # A verdict may come from a narrower interval, and it stays when the plain one widens.
    is_clear = row["points_low"] > 0 or row["points_high"] < 0
    at_least = f", and at least {least:,}" if is_clear else ""
    does = _DOES[is_whole].get(row["verdict"], "") if is_alone else _AGAINST.get(row["verdict"], "")
    if row["verdict"] == "winner":
        who = ", who would have stayed away" if is_alone else f" more than {second} would have"
        return (
            f"{subject} {does.format(second)}. {groups} So {'they' if is_whole else 'it'} brought "
            f"back some {brought(row):,} of {people}{at_least}{who}."
        )
    if row["verdict"] == "loser":
        return (
            f"{subject} {does.format(second)}. {groups} So {'they' if is_whole else 'it'} cost "
            f"some {-brought(row):,} of {people}{at_least}."
        )
    if row["verdict"] == "no difference":
        return (
            f"{subject} {does.format(second)}. {groups} At most {'they' if is_whole else 'it'} "
            f"changed what {most:,} of {people} did."
        )
    still = f", and {row['still_open']:,} people are still watched" if row["still_open"] else ""
    return (
        f"{short}: not yet decidable. {groups} The difference lies between "
        f"{row['points_low']:+.1f} and {row['points_high']:+.1f} points{still}."
    )


# What the messages do, and what one variant does; by verdict.
_DOES: Final = {
    True: {
        "winner": "work",
        "loser": "drive customers away",
        "no difference": "make no difference that matters",
    },
    False: {
        "winner": "works",
        "loser": "drives customers away",
        "no difference": "makes no difference that matters",
    },
}
# One variant against another one.
_AGAINST: Final = {
    "winner": "brings back more customers than {}",
    "loser": "brings back fewer customers than {}",
    "no difference": "does as well as {}",
}


def brought(row: Mapping[str, Any], points: str = "points") -> int:
    """Customers who bought because of the messages, by the estimate or an end of its interval."""
    customers: float = row["written_to"] * row[points] / 100
    return round(customers)
