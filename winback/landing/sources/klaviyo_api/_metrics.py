"""What each metric of Klaviyo means here; one that means nothing is counted.

What a refusal becomes stands in the seed consent_states. A metric of the shop's own whose name
speaks of leaving is a refusal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

import pyarrow as pa

from winback.landing._batch import LINE
from winback.landing._consent_states import meaning
from winback.landing._stage import Work
from winback.landing.sources._texts import FILE
from winback.landing.sources.klaviyo_api._pages import PAGE


class Metric(NamedTuple):
    """An event of it is a `message`, a `visit` or a `refusal`, of a channel, with a word for it."""

    kind: str
    channel: str | None
    word: str


METRICS: Final[Mapping[str, Metric]] = {
    "received email": Metric("message", "email", ""),
    "received sms": Metric("message", "sms", ""),
    "unsubscribed": Metric("refusal", "email", "UNSUBSCRIBED"),
    "unsubscribed from email marketing": Metric("refusal", "email", "UNSUBSCRIBED"),
    "unsubscribed from list": Metric("refusal", "email", "UNSUBSCRIBED"),
    "unsubscribed from sms marketing": Metric("refusal", "sms", "UNSUBSCRIBED"),
    "unsubscribed from sms": Metric("refusal", "sms", "UNSUBSCRIBED"),
    "marked email as spam": Metric("refusal", "email", "SUPPRESSED"),
    "bounced email": Metric("refusal", "email", "SUPPRESSED"),
    "viewed product": Metric("visit", None, "view"),
    "added to cart": Metric("visit", None, "add_to_cart"),
    "started checkout": Metric("visit", None, "checkout_started"),
    "checkout started": Metric("visit", None, "checkout_started"),
    "active on site": Metric("visit", None, "visit"),
}
_LEAVING: Final = re.compile(r"unsub|opt(ed)?[ _-]?out|spam|complain|do not (contact|text|email)")
_TEXTS: Final = re.compile(r"sms|text|mobile|phone")
_PLAIN: Final = re.compile(r"[\w .:-]{1,60}")


def metric_of(name: str) -> Metric | None:
    """What a metric means, by its name in lower case; None for nothing of ours."""
    if name in METRICS:
        return METRICS[name]
    if not _LEAVING.search(name):
        return None
    return Metric("refusal", "sms" if _TEXTS.search(name) else "email", "UNSUBSCRIBED")


def read_meanings(work: Work) -> None:
    """The temp table `said`, as lists have it: a row an address of each event that means something.

    A refusal of texts is that of the person and of the number. A bounce that is soft says nothing
    of the address.
    """
    names = work.connection.execute("select distinct metric from events where metric is not null")
    known = [(name, found) for [name] in names.fetchall() if (found := metric_of(name))]
    become = [
        meaning("klaviyo", it.channel or "", it.word).becomes if it.kind == "refusal" else "seen"
        for _, it in known
    ]
    columns = {
        "metric": [name for name, _ in known],
        "kind": [it.kind for _, it in known],
        "channel": [it.channel for _, it in known],
        "word": [it.word for _, it in known],
        "becomes": become,
    }
    schema = pa.schema([(name, pa.string()) for name in columns])
    work.connection.register("metrics", pa.table(columns, schema))
    work.connection.execute(
        f"""
        create or replace temp table said as
        with told as (
            select email, phone, kind, channel, word, becomes, null::varchar as basis, occurred_at,
                event_id, flow, message, variation, product, sku, product_name,
                {PAGE}, {FILE}, {LINE}
            from events inner join metrics using (metric)
            where not (metric = 'bounced email' and lower(trim(coalesce(bounce, ''))) = 'soft')
        )
        select * replace (null::varchar as phone) from told where email is not null or phone is null
        union all
        select * replace (null::varchar as email) from told
        where phone is not null and (email is null or (kind = 'refusal' and channel = 'sms'))
        """
    )


def event_notes(work: Work) -> Iterator[str]:
    """Events that are nobody's, and those of metrics that are not read."""
    found = work.connection.execute(
        f"""
        with owned as (
            select any_value(kind) as kind, count(customer_id) as owners,
                count(coalesce(email_key, phone)) as addresses
            from matched where kind <> 'consent' group by {FILE}, {LINE}
        )
        select count(*) filter (owners = 0),
            count(*) filter (addresses = 0 and kind = 'refusal')
        from owned
        """
    ).fetchone()
    strangers, bare = found or (0, 0)
    if strangers:
        yield f"{strangers:,} events are of people who are no customers"
    if bare:
        yield (
            f"{bare:,} refusals have no address that can be read: whom they name may still be "
            "written to. Next: load Klaviyo's profiles and suppressions"
        )
    others = work.connection.execute(
        "select metric, count(*) from events anti join metrics using (metric) "
        "where metric is not null group by metric order by count(*) desc, metric"
    ).fetchall()
    if others:
        told = ", ".join(f"{name} ({n:,})" for name, n in others[:6] if _PLAIN.fullmatch(name))
        yield f"events of {len(others):,} other metrics are not read: {told}"
