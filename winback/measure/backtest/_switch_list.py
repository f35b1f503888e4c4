"""The switches of who enters what and when, each with both of its positions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from winback.base.errors import UsageError
from winback.base.project import project_vars

_SEASONAL: Final = (
    "playbook_id in (select playbook_id from winback.playbook_segments where segment = 'seasonal')"
)
# The days from which somebody is lost under each preset, as shipped; a century on, nobody is.
_LOST_FROM: Final = {
    "lapse_fixed_lost_from_days": 366,
    "lapse_lost_at_earliest_days": 365,
    "lapse_lost_at_latest_days": 730,
}
_NEVER: Final = 36_500


@dataclass(frozen=True)
class Setting:
    """One position of a switch: dbt vars, and edits of the seeds."""

    variables: Mapping[str, Any] = field(default_factory=dict)
    edits: tuple[str, ...] = ()


@dataclass(frozen=True)
class Switch:
    """A switch with both positions; `is_on` is a query over the seeds, or None for a var."""

    name: str
    says: str
    off: Setting
    on: Setting
    is_on: str | None = None


def _var(name: str, says: str, variable: str, off: Any, on: Any) -> Switch:
    own = project_vars()[variable]
    used = on if own == off else own
    return Switch(name, says, Setting({variable: off}), Setting({variable: used}))


def switches() -> dict[str, Switch]:
    """The switches by name, as this project could set them."""
    found = (
        _var("lapse_basis", "a visit or an answer resets the clock, too",
             "lapse_basis", "purchase", "either"),
        Switch(
            "season", "seasonal buyers wait for the playbook of their season",
            Setting(edits=(f"update winback.playbooks set is_enabled = false where {_SEASONAL}",)),
            Setting(edits=(f"update winback.playbooks set is_enabled = true where {_SEASONAL}",)),
            f"select coalesce(bool_or(is_enabled), false) from winback.playbooks where {_SEASONAL}",
        ),
        _var("channel_order", "a customer's own channel chooses among a family's playbooks",
             "channel_preference_sources", [], ["stated", "observed"]),
        _var("hours", "a message waits for the hour at which the customer answers, or the shop's",
             "use_usual_hour", False, True),
        _var("expected_order", "a win-back waits for an order that is due",
             "expected_order_wait_days", -1, 7),
        Switch(
            "lost", "the lost get one goodbye in place of offers",
            Setting(dict.fromkeys(_LOST_FROM, _NEVER)),
            Setting({name: own if (own := project_vars()[name]) < _NEVER else days
                     for name, days in _LOST_FROM.items()}),
        ),
    )  # fmt: skip
    return {it.name: it for it in found}


def chosen(names: str) -> list[Switch]:
    """The switches that a text with commas names; `all` is each. Raises UsageError."""
    known = switches()
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in known and name != "all":
            raise UsageError(f"--switch: {name!r} does not exist; it may be: {', '.join(known)}")
    if not wanted:
        raise UsageError(f"--switch names no switch; it may be: {', '.join(known)}, or all")
    return list(known.values()) if "all" in wanted else [known[name] for name in wanted]
