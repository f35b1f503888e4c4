"""What each gate holds its figures to: the severity, the meaning, and what to do next.

The SQL beside this file (`sources.sql`, `decisions.sql`, `outcomes.sql`) returns one row
a rule: its figure, the most that is allowed, and the first ids. Ids only: results and
Data Docs keep what they are given, so no contact data may come near them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Severity = Literal["critical", "warning"]


def title_of(name: str) -> str:
    """A rule's name, as a person reads it."""
    return name.replace("_percent", ", %").replace("_", " ").capitalize()


@dataclass(frozen=True)
class Rule:
    """A figure that may not exceed what its row allows."""

    name: str
    severity: Severity
    meaning: str
    next_step: str

    @property
    def title(self) -> str:
        """Its name, as a person reads it."""
        return title_of(self.name)


def _critical(name: str, meaning: str, next_step: str) -> Rule:
    return Rule(name, "critical", meaning, next_step)


def _warning(name: str, meaning: str) -> Rule:
    return Rule(name, "warning", meaning, "")


_RELOAD: Final = "mend the export and run `winback load DIR --replace`"
_SHRUNKEN: Final = "load the whole export; if it is right: `winback build --accept-volume`"
_DEFECT: Final = "nothing was sent; look at the rows in the warehouse and report the defect"

GATES: Final[dict[str, tuple[Rule, ...]]] = {
    "sources": (
        _critical("orders_with_a_repeated_id", "order ids that stand twice", _RELOAD),
        _critical("customers_with_a_repeated_id", "customer ids that stand twice", _RELOAD),
        _critical(
            "days_since_the_newest_order",
            "days between as-of and the newest order: people who bought since would be texted",
            "load newer files with `winback load DIR`, or replay a day inside the data: --as-of",
        ),
        _critical("orders_lost_percent", "orders gone since the last run, percent", _SHRUNKEN),
        _critical("customers_lost_percent", "customers gone since the last run, %", _SHRUNKEN),
        _critical("consents_lost_percent", "consents gone since the last run, %", _SHRUNKEN),
        _critical(
            "impossible_amounts_percent",
            "orders with a negative discount or refund, or a total over 10 million",
            _RELOAD,
        ),
        _critical(
            "orders_rejected_percent",
            "order rows of the last load that were set aside",
            "read the reasons in landing/rejected/, mend the export and load again",
        ),
        _warning(
            "customers_held_by_unread_rows",
            "customers held back: a row about them was set aside, see landing/rejected",
        ),
        _warning(
            "consents_that_are_unclear",
            "consents that are no clean yes and count as a no: see docs/unread-rows.md",
        ),
        _warning("orders_refunded_above_their_total", "orders refunded above their total"),
        _warning("customers_without_a_consent_percent", "customers whom no consent covers"),
        _warning("products_missing", "no product is landed"),
        _warning("orders_without_a_customer_row_percent", "orders whose customer has no row"),
        _warning("lines_without_a_customer_percent", "lines set aside for want of a customer"),
        _warning("customers_without_a_contact_point_percent", "customers nobody can reach"),
        _warning("currencies_beside_the_first", "further currencies; amounts are not converted"),
    ),
    "decisions": (
        _critical("decisions_made_twice", "more than one decision for a step", _DEFECT),
        _critical("due_steps_without_a_decision", "due steps that nothing was decided of", _DEFECT),
        _critical("sends_with_a_failed_rule", "sends that a rule forbids", _DEFECT),
        _critical("sends_to_the_holdout", "sends to people in the holdout", _DEFECT),
        _critical("sends_outside_their_window", "sends whose window is closed", _DEFECT),
        _critical("sends_to_the_ineligible", "sends to ineligible contact points", _DEFECT),
        _critical("sends_without_an_address", "sends without an address", _DEFECT),
        _critical("people_with_two_sends", "people with two sends at once", _DEFECT),
        _critical("addresses_with_two_sends", "addresses with two sends at once", _DEFECT),
        _critical("people_in_two_playbooks", "people in two playbooks at once", _DEFECT),
        _warning("law_not_reviewed_lately", "rows of law not reviewed for 180 days"),
        _warning(
            "customers_whose_language_is_unread",
            "customers whose language no row of language_names knows: their country tells it",
        ),
        _warning("channels_with_complaints", "reports of spam in a day, of deliveries"),
    ),
    "outcomes": (
        _critical("steps_accepted_twice", "enrollment steps with two accepted messages", _DEFECT),
        _critical("accepted_without_a_time", "accepted messages without accepted_at", _DEFECT),
        _critical("reactivated_above_assigned", "cells with more returns than people", _DEFECT),
        _warning("messages_of_unknown_outcome", "messages whose sending is not known for sure"),
        _warning("messages_accepted_twice", "messages that a provider took twice"),
    ),
}
