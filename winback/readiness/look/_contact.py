"""How many customers could be written to on each channel, and why the others could not.

Who may is decided by the models; here are counts of what they published.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from winback.base.console import tell_step
from winback.base.duck import connect, rows_of
from winback.base.project import project_seed
from winback.base.settings import Settings
from winback.warehouse import DbtResult, dbt_vars, invoke_dbt

Invoke = Callable[[Settings, Sequence[str], Mapping[str, Any]], DbtResult]
_MODELS: Final = (
    "build", "--no-write-json", "--select", "+channel_eligibility",
    "--exclude-resource-type", "unit_test", "--exclude-resource-type", "test",
)  # fmt: skip
# Each customer counts once, for the first rule that fails.
_COUNTS: Final = """
    with eligibility as (
        select *, split_part(blocked_by, ',', 1) as rule_id from channel_eligibility
    ),
    said as (
        select customer_id, channel, bool_or(is_revoked) as is_refused,
            string_agg(distinct basis, ', ' order by basis) filter (basis <> '') as bases
        from int_customers__consents group by all
    ),
    told as (
        select eligibility.channel, eligibility.is_eligible, eligibility.rule_id,
            case
                when eligibility.rule_id <> 'consent' then ''
                when said.customer_id is null then 'nothing is known of a consent'
                when said.is_refused then 'they refused, or what they said can''t be read'
                else 'a yes (' || coalesce(said.bases, 'of an unknown basis') || ') in '
                    || coalesce(customers.country, 'an unknown country')
                    || ' is not enough there, or has expired'
            end as detail
        from eligibility
        left join said using (customer_id, channel)
        left join int_customers__lifecycle as customers using (customer_id)
    )
    select *, count(*) as customers from told
    group by all
    order by channel, customers desc, rule_id, detail
"""


@dataclass(frozen=True)
class Reason:
    """Why some customers could not be contacted: a contact rule, and what it found."""

    rule: str
    why: str
    customers: int


@dataclass(frozen=True)
class Channel:
    """A channel: how many customers there are, how many could be contacted, why not the others."""

    channel: str
    customers: int
    contactable: int
    others: tuple[Reason, ...]


def build_models(
    settings: Settings, arguments: Sequence[str], told: Mapping[str, Any]
) -> DbtResult:
    """Run dbt, and tell a terminal how far it is."""
    return invoke_dbt(settings, arguments, told, on_node=tell_step)


def count_contactable(settings: Settings, as_of: datetime, invoke: Invoke) -> tuple[Channel, ...]:
    """Build what decides on contact, and count by channel."""
    invoke(settings, _MODELS, dbt_vars(settings, as_of))
    with connect(settings.warehouse_path) as warehouse:
        rows = rows_of(warehouse.execute(_COUNTS))
    sentences = {row["rule_id"]: row["sentence"] for row in project_seed("contact_rules")}
    return tuple(
        Channel(
            name,
            sum(row["customers"] for row in mine),
            sum(row["customers"] for row in mine if row["is_eligible"]),
            tuple(
                Reason(row["rule_id"], row["detail"] or sentences[row["rule_id"]], row["customers"])
                for row in mine
                if not row["is_eligible"]
            ),
        )
        for name in settings.enabled_channels
        for mine in [[row for row in rows if row["channel"] == name]]
    )
