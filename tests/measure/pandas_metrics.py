"""Every metric of the public tables once more, in pandas, from the shop's own files and the ledger.

Nothing here is read from the warehouse and no SQL is run, so an error would have to be made twice.
"""

from __future__ import annotations

import csv
import math
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm
from sqlalchemy import select
from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from winback.base.places import PROJECT_DIR
from winback.ledger import Ledger, tables

DAY = pd.Timedelta(days=1)
Key = tuple[Any, ...]
Metrics = dict[Any, tuple[Any, ...]]


def cents(amounts: pd.Series) -> pd.Series:
    """Cents, half a cent away from zero; the shop's files have two places."""
    return (amounts.astype(float) * 100).round().astype("int64")


def read_orders(folder: Path, as_of: pd.Timestamp) -> pd.DataFrame:
    """The valid orders of the file, the unreadable rows left out."""
    lines = (folder / "orders.csv").read_text().splitlines()
    names = lines[0].split(",")
    rows = [cells for line in lines[1:] if len(cells := line.split(",")) == len(names)]
    raw = pd.DataFrame(rows, columns=names)
    raw["ordered_at"] = pd.to_datetime(raw["ordered_at"], errors="coerce", utc=True)
    for name in ("total_amount", "refunded_amount"):
        raw[name] = pd.to_numeric(raw[name], errors="coerce")
    is_read = (
        (raw["order_id"] != "")
        & (raw["customer_id"] != "")
        & raw["ordered_at"].notna()
        & np.isfinite(raw["total_amount"])
        & (raw["total_amount"] >= 0)
    )
    read = raw[is_read].drop_duplicates("order_id")
    total, refunded = cents(read["total_amount"]), cents(read["refunded_amount"].fillna(0))
    is_returned = ((refunded > 0) & (refunded >= total)) | (
        (read["status"] == "refunded") & (refunded == 0)
    )
    is_valid = (
        ~read["status"].isin(["cancelled", "pending"])
        & ~is_returned
        & (read["ordered_at"] <= as_of)
    )
    return (
        read.assign(revenue=total - refunded, has_code=read["coupon_code"] != "")[is_valid]
        .sort_values(["ordered_at", "order_id"])
        .reset_index(drop=True)[["order_id", "customer_id", "ordered_at", "revenue", "has_code"]]
    )


def _table(ledger: Ledger, name: str) -> pd.DataFrame:
    with ledger.read() as connection:
        rows = connection.execute(select(tables.metadata.tables[name])).mappings().all()
    return pd.DataFrame([dict(row) for row in rows])


class Reckoned:
    """The metrics of one shop and ledger as of a moment. `zone` is the shop's."""

    def __init__(
        self, orders: pd.DataFrame, ledger: Ledger, as_of: pd.Timestamp, zone: str
    ) -> None:
        self.orders, self.as_of, self.zone = orders, as_of, zone
        self.today = as_of.tz_convert(zone).tz_localize(None).normalize()
        with (PROJECT_DIR / "dbt_project" / "seeds" / "rfm_map.csv").open() as file:
            rows = list(csv.DictReader(file))
        self.segments = {(int(it["r_score"]), int(it["f_score"])): it["rfm_segment"] for it in rows}
        self.enrollments = _table(ledger, "enrollments")
        messages = _table(ledger, "messages")
        self.sent = messages[messages["state"].isin(["accepted", "unknown_final"])].assign(
            left_at=lambda it: it["accepted_at"].fillna(it["not_before"])
        )
        events = _table(ledger, "provider_events")
        self.events = events[events["occurred_at"] <= as_of]

    def day(self, instants: pd.Series) -> pd.Series:
        return instants.dt.tz_convert(self.zone).dt.tz_localize(None).dt.normalize()

    def monday(self, instants: pd.Series) -> pd.Series:
        days = self.day(instants)
        return (days - pd.to_timedelta(days.dt.day_of_week, unit="D")).dt.date

    @cached_property
    def after_entry(self) -> pd.DataFrame:
        """Each enrollment's orders after entry, numbered."""
        joined = self.enrollments.merge(self.orders, on="customer_id")
        found = joined[joined["ordered_at"] > joined["entered_at"]].sort_values(
            ["enrollment_id", "ordered_at", "order_id"]
        )
        return found.assign(number=found.groupby("enrollment_id").cumcount() + 1)

    @property
    def first(self) -> pd.DataFrame:
        return self.after_entry[self.after_entry["number"] == 1]

    @cached_property
    def by_people(self) -> pd.DataFrame:
        """The events that people made: no scanner's, and each happening once."""
        events = self.events
        key = ["semantic_key", "message_id", "provider", "kind"]
        once = events.groupby(key, as_index=False).agg(
            occurred_at=("occurred_at", "min"), machine=("is_machine", "min"), link=("link", "max")
        )
        delivered = once[once["kind"] == "delivered"].groupby("message_id")["occurred_at"].min()
        clicks = once[once["kind"] == "clicked"]
        since = clicks["occurred_at"] - clicks["message_id"].map(delivered)
        hasty = clicks[since <= pd.Timedelta(seconds=10)]
        links = hasty.groupby("message_id")["link"].nunique()
        scanned = hasty[hasty["message_id"].isin(links[links >= 2].index)].index
        return once[(once["machine"] == 0) & ~once.index.isin(scanned)]

    def heard(self, kind: str) -> set[str]:
        return set(self.by_people.loc[self.by_people["kind"] == kind, "message_id"])

    @cached_property
    def answers(self) -> pd.DataFrame:
        """The messages that left, with what came back for each."""
        sent = self.sent.assign(
            **{
                kind: self.sent["message_id"].isin(self.heard(kind))
                for kind in ("delivered", "opened", "clicked", "replied", "complained")
            }
        )
        failed = self.heard("undelivered") | self.heard("bounced")
        opted = self.heard("opted_out") | self.heard("complained")
        orders = self.credits[self.credits["is_last"]].groupby("message_id")["revenue"]
        return sent.assign(
            opted_out=sent["message_id"].isin(opted),
            not_delivered=sent["message_id"].isin(failed),
            credited_orders=sent["message_id"].map(orders.count()).fillna(0).astype(int),
            credited_revenue=sent["message_id"].map(orders.sum()).fillna(0).astype("int64"),
        )

    @cached_property
    def credits(self) -> pd.DataFrame:
        """The messages that touched each first order, in their order, with their shares."""
        touching = self.by_people[self.by_people["kind"].isin(["delivered", "clicked"])]
        of_events = self.sent.merge(
            touching[["message_id", "kind", "occurred_at"]], on="message_id"
        ).rename(columns={"occurred_at": "touched_at"})
        touches = pd.concat(
            [of_events, self.sent.assign(kind="sent", touched_at=self.sent["left_at"])]
        )
        hours = np.where(touches["channel"] == "email", 120, 24)
        touches["until"] = touches["touched_at"] + pd.to_timedelta(hours, unit="h")
        first = self.first[["enrollment_id", "order_id", "ordered_at", "revenue"]]
        found = touches.merge(first, on="enrollment_id")
        found = found[
            (found["touched_at"] <= found["ordered_at"]) & (found["ordered_at"] <= found["until"])
        ]
        # The last click, else the last of all.
        ranked = found.assign(no_click=found["kind"] != "clicked").sort_values(
            ["order_id", "no_click", "touched_at", "message_id"],
            ascending=[True, True, False, True],
        )
        last = ranked.drop_duplicates("order_id").set_index("order_id")["message_id"]
        once = (
            found.groupby(["order_id", "message_id", "channel", "ordered_at", "revenue"])
            ["touched_at"].max().reset_index().sort_values(["order_id", "touched_at", "message_id"])
        )  # fmt: skip
        once["is_last"] = once["message_id"] == once["order_id"].map(last)
        shares = list[float]()
        amounts = list[int]()
        for _, own in once.groupby("order_id", sort=False):
            n, revenue = len(own), int(own["revenue"].iloc[0])
            parts = {1: [1], 2: [1, 1]}.get(n) or [2 * (n - 2), *[1] * (n - 2), 2 * (n - 2)]
            until = [revenue * part // sum(parts) for part in np.cumsum(parts).tolist()]
            shares += [part / sum(parts) for part in parts]
            amounts += [b - a for a, b in zip([0, *until], until, strict=False)]
        return once.assign(share=shares, amount=amounts)


def reactivation_rates(it: Reckoned) -> Metrics:
    found: Metrics = {}
    for days in (14, 30, 60, 90):
        ends = it.enrollments["entered_at"] + days * DAY
        inside = it.after_entry[
            it.after_entry["ordered_at"] <= it.after_entry["entered_at"] + days * DAY
        ]
        frame = it.enrollments.assign(
            mature=ends <= it.as_of,
            back=it.enrollments["enrollment_id"].isin(inside["enrollment_id"]),
            revenue=it.enrollments["enrollment_id"].map(
                inside.groupby("enrollment_id")["revenue"].sum()
            ).fillna(0),
        )  # fmt: skip
        rolled = pd.concat([frame[frame["arm"] == "treatment"], frame.assign(variant="all")])
        for key, own in rolled.groupby(["playbook_id", "arm", "variant"]):
            n, back = len(own), int(own["back"].sum())
            found[(*key, days)] = (
                n,
                int(own["mature"].sum()),
                back,
                back / n,
                int(own["revenue"].sum()),
            )
    return found


def reactivations(it: Reckoned) -> Metrics:
    last = it.credits[it.credits["is_last"]].merge(
        it.sent[["message_id", "enrollment_id"]], on="message_id"
    ).set_index(["order_id", "enrollment_id"])["message_id"]  # fmt: skip
    days = (it.day(it.first["ordered_at"]) - it.day(it.first["entered_at"])).dt.days
    return {
        (row.enrollment_id,): (
            row.order_id, int(spent), row.revenue, last.get((row.order_id, row.enrollment_id)),
        )
        for row, spent in zip(it.first.itertuples(), days, strict=True)
    }  # fmt: skip


def reactivation_curves(it: Reckoned) -> Metrics:
    """Day by day, from the people themselves."""
    first = it.first.set_index("enrollment_id")["ordered_at"]
    frame = it.enrollments.assign(
        watched=(it.as_of - it.enrollments["entered_at"]) // DAY,
        back=-((it.enrollments["entered_at"] - it.enrollments["enrollment_id"].map(first)) // DAY),
    )
    found: Metrics = {}
    for key, own in frame.groupby(["playbook_id", "arm"]):
        left = 1.0
        for day in range(1, 91):
            waiting = own[(own["watched"] >= day) & ~(own["back"] < day)]
            if waiting.empty:
                break
            back = int((waiting["back"] == day).sum())
            left *= 1 - back / len(waiting)
            found[(*key, day)] = (len(waiting), back, round(1 - left, 9))
    return found


def return_outcomes(it: Reckoned) -> Metrics:
    later = it.after_entry[it.after_entry["number"] > 1].merge(
        it.first[["enrollment_id", "ordered_at"]].rename(columns={"ordered_at": "back_at"}),
        on="enrollment_id",
    )
    found: Metrics = {}
    for days in (90, 180, 365):
        inside = later[later["ordered_at"] <= later["back_at"] + days * DAY]
        for key, own in it.first.groupby(["playbook_id", "arm"]):
            over = own[own["ordered_at"] + days * DAY <= it.as_of]
            theirs = inside[inside["enrollment_id"].isin(over["enrollment_id"])]
            n, orders = len(over), len(theirs)
            relapsed = n - theirs["enrollment_id"].nunique()
            codes = int(theirs["has_code"].sum())
            back, more = int(over["revenue"].sum()), int(theirs["revenue"].sum())
            found[(*key, days)] = (
                len(own), n, relapsed, relapsed / n if n else None, orders, codes,
                codes / orders if orders else None, back, more, (back + more) / n if n else None,
            )  # fmt: skip
    return found


_COUNTS = ("delivered", "not_delivered", "opened", "clicked", "replied", "opted_out", "complained")


def step_results(it: Reckoned) -> Metrics:
    keys = ["playbook_id", "step", "channel", "variant", "week"]
    frame = it.answers.assign(week=it.monday(it.answers["left_at"]))
    return {
        key: (
            len(own), *(int(own[name].sum()) for name in _COUNTS),
            int(own["credited_orders"].sum()), int(own["credited_revenue"].sum()),
            sum(own["cost_cents"]),
        )
        for key, own in frame.groupby(keys)
    }  # fmt: skip


def message_fatigue(it: Reckoned) -> Metrics:
    sent = it.answers.sort_values(["left_at", "message_id"])
    sent = sent.assign(number=sent.groupby("enrollment_id").cumcount() + 1)
    recent = [
        int(((own["left_at"] < at) & (own["left_at"] >= at - 30 * DAY)).sum())
        for own, at in (
            (sent[sent["customer_id"] == row.customer_id], row.left_at) for row in sent.itertuples()
        )
    ]
    frame = sent.assign(recent=recent)
    counts = ("delivered", "clicked", "opted_out", "complained", "credited_orders")
    return {
        key: (len(own), *(int(own[name].sum()) for name in counts))
        for key, own in frame.groupby(["playbook_id", "channel", "number", "recent"])
    }


def channel_credits(it: Reckoned) -> Metrics:
    shared = it.credits.assign(week=it.monday(it.credits["ordered_at"]))
    last = shared[shared["is_last"]].assign(method="last_touch", share=1.0)
    last["amount"] = last["revenue"]
    both = pd.concat([last, shared.assign(method="position_based")])
    return {
        key: (float(own["share"].sum()), int(own["amount"].sum()))
        for key, own in both.groupby(["method", "channel", "week"])
    }


def cohort_curves(it: Reckoned) -> Metrics:
    months = it.day(it.orders["ordered_at"]).dt.to_period("M")
    cohort = it.orders["customer_id"].map(months.groupby(it.orders["customer_id"]).min())
    since = (months - cohort).map(lambda offset: offset.n)
    frame = it.orders.assign(cohort=cohort, since=since)
    now = it.today.to_period("M")
    found: Metrics = {}
    for month, own in frame.groupby("cohort"):
        n, so_far = own["customer_id"].nunique(), 0
        for number in range(min(36, (now - month).n) + 1):
            then = own[own["since"] == number]
            so_far += int(then["revenue"].sum())
            ordering = then["customer_id"].nunique()
            found[(month.start_time.date(), number)] = (
                month + number < now, n, ordering, ordering / n, int(then["revenue"].sum()), so_far,
                so_far / n,
            )  # fmt: skip
    return found


def rfm(it: Reckoned, day: pd.Timestamp) -> pd.DataFrame:
    """Each customer's values and scores from the orders up to a day."""
    own = it.orders[it.day(it.orders["ordered_at"]) <= day].groupby("customer_id")
    found = pd.DataFrame(
        {
            "last": it.day(own["ordered_at"].max()),
            "frequency": own.size(),
            "monetary": own["revenue"].sum(),
        }
    )
    found["r"] = fifth(found["last"])
    found["f"] = pd.cut(found["frequency"], [0, 1, 2, 4, 9, np.inf], labels=[1, 2, 3, 4, 5])
    found["m"] = fifth(found["monetary"])
    pairs = zip(found["r"], found["f"].astype(int), strict=True)
    return found.assign(segment=[it.segments[pair] for pair in pairs])


def fifth(values: pd.Series) -> pd.Series:
    """1 to 5 by rank, equal values alike."""
    below = (values.rank(method="min") - 1) / max(len(values) - 1, 1)
    return (1 + (5 * below) // 1).clip(upper=5).astype(int)


def rfm_scores(it: Reckoned) -> Metrics:
    return {
        (row.Index,): (
            (it.today - row.last).days, row.frequency, row.monetary, row.r, int(row.f), row.m,
            row.segment,
        )
        for row in rfm(it, it.today).itertuples()
    }  # fmt: skip


def customers(it: Reckoned) -> Metrics:
    """Those who have ordered."""
    found: Metrics = {}
    for customer_id, own in it.orders.groupby("customer_id"):
        revenue, n = int(own["revenue"].sum()), len(own)
        idle = (it.today - it.day(own["ordered_at"]).max()).days
        first, last = own["ordered_at"].min(), own["ordered_at"].max()
        found[(customer_id,)] = (n, revenue, int(revenue / n + 0.5), idle, idle >= 30, first, last)
    return found


def lapse_reasons(it: Reckoned) -> Metrics:
    """Those that were stated, by customers who have lapsed."""
    known = {key[0]: row for key, row in customers(it).items()}
    owner = it.sent.set_index("message_id")["customer_id"]
    said = it.events[it.events["lapse_reason"].notna()].sort_values(["occurred_at", "dedupe_key"])
    latest: dict[object, Key] = {}
    for row in said.itertuples():
        customer = known[owner[row.message_id]]
        if row.occurred_at > customer[-1] and customer[4]:
            words = row.lapse_words if isinstance(row.lapse_words, str) else None
            latest[owner[row.message_id]] = (row.lapse_reason, words)
    counted = Counter(latest.values())
    shown: Counter[Key] = Counter()
    for (reason, words), n in counted.items():
        shown[reason, words if n >= 5 else None] += n
    return {key: (n,) for key, n in shown.items()}


def _mature(it: Reckoned, days: int) -> pd.DataFrame:
    """Enrollments whose window is over, with what they ordered in it."""
    ends = it.enrollments["entered_at"] + days * DAY
    inside = it.after_entry[
        it.after_entry["ordered_at"] <= it.after_entry["entered_at"] + days * DAY
    ].groupby("enrollment_id")["revenue"]
    ids = it.enrollments["enrollment_id"]
    frame = it.enrollments.assign(
        back=ids.map(inside.size()).notna(),
        orders=ids.map(inside.size()).fillna(0),
        revenue=ids.map(inside.sum()).fillna(0),
        ends=ends,
    )
    return frame[ends <= it.as_of]


def _compared(own: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    cells = {name: own[own["variant"] == name] for name in ("a", "b")}
    held, treated = own[own["arm"] == "holdout"], own[own["arm"] == "treatment"]
    yield "treatment-vs-holdout", treated, held
    yield "a-vs-holdout", cells["a"], held
    yield "b-vs-holdout", cells["b"], held
    yield "a-vs-b", cells["a"], cells["b"]


def _by_order(one: pd.DataFrame, two: pd.DataFrame) -> tuple[float, ...]:
    """Revenue by order, by the delta method: whoever orders twice is one observation."""
    ratios, variances = list[float](), list[float]()
    for group in (one, two):
        ratio = group["revenue"].sum() / group["orders"].sum()
        left = group["revenue"] - ratio * group["orders"]
        ratios.append(float(ratio))
        variances.append(float(left.var() / len(group) / group["orders"].mean() ** 2))
    estimate, error = ratios[0] - ratios[1], math.sqrt(sum(variances))
    half = norm.ppf(0.975) * error
    p = 2 * norm.sf(abs(estimate) / error)
    return (*ratios, estimate, estimate - half, estimate + half, p)


def experiment_results(it: Reckoned) -> Metrics:
    """Rates, differences, textbook intervals and p, by statsmodels."""
    found: Metrics = {}
    for days in (14, 30, 60, 90):
        for playbook, own in _mature(it, days).groupby("playbook_id"):
            for name, one, two in _compared(own):
                k1, k2 = int(one["back"].sum()), int(two["back"].sum())
                n1, n2 = len(one), len(two)
                low, high = confint_proportions_2indep(k1, n1, k2, n2, method="newcomb")
                _, p = proportions_ztest([k1, k2], [n1, n2])
                found[playbook, name, "reactivation", days] = (
                    n1, n2, k1 / n1, k2 / n2, k1 / n1 - k2 / n2, low, high, p,
                )  # fmt: skip
                if one["orders"].sum() and two["orders"].sum():
                    found[playbook, name, "order_value", days] = (n1, n2, *_by_order(one, two))
                means = CompareMeans(DescrStatsW(one["revenue"]), DescrStatsW(two["revenue"]))
                low, high = means.tconfint_diff(usevar="unequal")
                _, p, _ = means.ttest_ind(usevar="unequal")
                m1, m2 = one["revenue"].mean(), two["revenue"].mean()
                found[playbook, name, "revenue_per_customer", days] = (
                    n1, n2, m1, m2, m1 - m2, low, high, p,
                )  # fmt: skip
    return found


def playbook_results(it: Reckoned) -> Metrics:
    found: Metrics = {}
    for days in (14, 30, 60, 90):
        for playbook, own in _mature(it, days).groupby("playbook_id"):
            one, two = own[own["arm"] == "treatment"], own[own["arm"] == "holdout"]
            spent = it.sent.merge(one[["enrollment_id", "ends"]], on="enrollment_id")
            cost = sum(spent.loc[spent["left_at"] <= spent["ends"], "cost_cents"])
            brought = len(one) * (one["back"].mean() - two["back"].mean())
            found[playbook, days] = (
                len(one), brought, len(one) * (one["revenue"].mean() - two["revenue"].mean()),
                cost, float(cost) / brought if brought > 0 else None,
            )  # fmt: skip
    return found


def _variance_of_mean(values: pd.Series) -> float:
    """Welch's; of a share that of Agresti and Caffo, with a success and a failure more."""
    if values.dtype == bool:
        n = len(values) + 2
        share = (int(values.sum()) + 1) / n
        return share * (1 - share) / n
    return float(values.var() / len(values))


def shop_results(it: Reckoned) -> Metrics:
    """The playbooks' differences, weighed by the inverse of their variance."""
    found: Metrics = {}
    for days in (14, 30, 60, 90):
        both = [
            (own[own["arm"] == "treatment"], own[own["arm"] == "holdout"])
            for _, own in _mature(it, days).groupby("playbook_id")
        ]
        for metric, column in (("reactivation", "back"), ("revenue_per_customer", "revenue")):
            effects = [one[column].mean() - two[column].mean() for one, two in both]
            weights = [
                1 / sum(map(_variance_of_mean, (it[column] for it in pair))) for pair in both
            ]
            total = sum(weights)
            estimate = sum(w * y for w, y in zip(weights, effects, strict=True)) / total
            half = norm.ppf(0.975) / math.sqrt(total)
            found[metric, days] = (
                len(both), sum(len(one) for one, _ in both), sum(len(two) for _, two in both),
                estimate, 1 / math.sqrt(total), estimate - half, estimate + half,
            )  # fmt: skip
    return found


def rfm_moves(it: Reckoned) -> Metrics:
    """From each month's end to the next, and to the day of the run."""
    today = it.today
    ends = pd.date_range(end=today - DAY, periods=12, freq="ME").tolist()
    before: dict[str, str] | None = None
    found: Metrics = {}
    for end in [*ends, today]:
        now = {str(row.Index): row.segment for row in rfm(it, end).itertuples()}
        if before is not None:
            moves = pd.Series([(before.get(who) or "", to) for who, to in now.items()])
            for (former, to), n in moves.value_counts().items():
                found[end.date(), former or None, to] = (int(n),)
        before = now
    return found


TABLES: dict[str, Callable[[Reckoned], Metrics]] = {
    reckon.__name__: reckon
    for reckon in (
        channel_credits, cohort_curves, customers, experiment_results, lapse_reasons,
        message_fatigue, playbook_results, reactivation_curves, reactivation_rates, reactivations,
        return_outcomes, rfm_moves, rfm_scores, shop_results, step_results,
    )
}  # fmt: skip
