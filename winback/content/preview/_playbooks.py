"""Every step of a playbook, written for an invented person or for a customer of the shop.

The seeds are read as they stand, so that an edit shows before any build.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from winback.base.clock import Clock
from winback.base.duck import Rows, connect, rows_with
from winback.base.errors import UsageError
from winback.base.places import PROJECT_DIR
from winback.base.settings import Settings
from winback.content._blocked import RenderBlocked
from winback.content._codes import example_codes
from winback.content._links import PREVIEW_TOKEN
from winback.content._render import TEMPLATES_DIR, Renderer
from winback.content.preview._messages import Shown
from winback.content.preview._people import (
    ALL_KNOWN,
    NONE_KNOWN,
    invented,
    needed_by,
    read_customer,
)

SEEDS_DIR: Final = PROJECT_DIR / "dbt_project" / "seeds"
_PUBLIC: Final = "https://example.com"
_MAIL: Final = {
    "postal_address": "(your postal address)",
    "from_email": "shop@example.com",
    "public_base_url": _PUBLIC,
}
_TEXT: Final = {"twilio_messaging_service_sid": "MG"}
# By channel the settings without which no message is written, and what stands in for them.
_STAND_INS: Final[Mapping[str, Mapping[str, str]]] = {
    "email": _MAIL,
    "sms": _TEXT,
    "mms": _TEXT,
    "rcs": {"twilio_rcs_service_sid": "MG"},
    "whatsapp": {"twilio_whatsapp_from": "+15550100"},
    "voice": {
        "twilio_voice_from": "+15550100",
        "voice_opt_out_number": "+18005550100",
        "public_base_url": _PUBLIC,
    },
    "direct_mail": {
        "postal_address": "(your postal address)",
        "public_base_url": _PUBLIC,
    },
}
_SEEDS: Final = (
    "playbook_steps", "step_variants", "step_contents", "playbook_segments", "offers",
    "channel_costs", "playbooks", "bandit_steps",
)  # fmt: skip
_STEPS: Final = """
    with steps as (
        select *, row_number() over () as line
        from read_csv($playbook_steps, all_varchar = true)
    ),
    -- An arm of a step that learns may make another offer than that of the segment, or `none`.
    arms as (
        select playbook_id, step, arm, offer_id
        from read_csv($bandit_steps, all_varchar = true)
        where is_on = 'true' and offer_id is not null
    ),
    variants as (
        select playbook_id, step, variant, template, subject, channel, offer_id
        from read_csv($step_variants, all_varchar = true)
        where
            coalesce(template, subject, channel, offer_id) is not null
            or (playbook_id, step, variant) in (
                select (playbook_id, step, variant)
                from read_csv($step_contents, all_varchar = true)
                union all select (playbook_id, step, arm) from arms
            )
    ),
    contents as (from read_csv($step_contents, all_varchar = true)),
    -- An offer comes with the segment by which a customer enters.
    given as (
        select playbook_id, offer_id, min(cast(priority as integer)) as place
        from read_csv($playbook_segments, all_varchar = true)
        where offer_id is not null
        group by playbook_id, offer_id
    ),
    offers as (from read_csv($offers, all_varchar = true)),
    -- As int_channels__costs has them: the newest price that holds, in the shop's currency, and the
    -- dearest for a country without one.
    prices as (
        select
            channel, country,
            arg_max(
                cast(cost_cents_per_part as decimal(12, 4))
                * if(
                    $currency in ('', currency), 1,
                    cast(json_extract_string($rates, currency) as decimal(12, 6))
                ),
                (coalesce(valid_from, '') <= $today, valid_from)
            ) as cost
        from read_csv($channel_costs, all_varchar = true)
        group by channel, country
    ),
    dearest as (select channel, max(cost) as cost from prices group by channel)
    select
        steps.playbook_id,
        cast(steps.step as integer) as step,
        coalesce(variants.channel, steps.channel) as channel,
        coalesce(variants.variant, '') as variant,
        coalesce(contents.template, variants.template, steps.template) as template,
        coalesce(variants.subject, contents.template, variants.template, steps.template)
            as subject_template,
        coalesce(contents.needs, '') as needs,
        steps.anchor_step,
        steps.min_days,
        steps.max_days,
        offers.offer_id,
        offers.kind as offer_kind,
        cast(offers.value as decimal(18, 4)) as offer_value,
        offers.detail as offer_detail,
        offers.code_source as offer_code_source,
        offers.code as offer_code,
        cast(offers.validity_days as integer) as validity_days,
        extra.offer_id as extra_offer_id,
        extra.code_source as extra_offer_code_source,
        extra.kind as extra_offer_kind,
        cast(extra.value as decimal(18, 4)) as extra_offer_value,
        extra.detail as extra_offer_detail,
        extra.code as extra_offer_code,
        cast(coalesce(own.cost, dearest.cost) as decimal(12, 4))
            as cost_cents_per_part
    from steps
    inner join read_csv($playbooks, all_varchar = true) as playbooks
        on steps.playbook_id = playbooks.playbook_id
    left join variants
        on steps.playbook_id = variants.playbook_id and steps.step = variants.step
    left join contents
        on steps.playbook_id = contents.playbook_id and steps.step = contents.step
        and (
            contents.variant = variants.variant
            or (contents.variant is null and variants.template is null)
        )
    left join arms
        on steps.playbook_id = arms.playbook_id and steps.step = arms.step
        and variants.variant = arms.arm
    left join given
        on steps.playbook_id = given.playbook_id and steps.includes_offer = 'true'
        and arms.offer_id is null
    left join offers
        on coalesce(arms.offer_id, variants.offer_id, given.offer_id) = offers.offer_id
    left join offers as extra on steps.extra_offer_id = extra.offer_id
    left join prices as own
        on coalesce(variants.channel, steps.channel) = own.channel and own.country = $country
    left join dearest on coalesce(variants.channel, steps.channel) = dearest.channel
    where steps.playbook_id = $wanted or ($wanted = '' and playbooks.is_enabled = 'true')
    order by steps.line, variant, given.place, cast(contents.turn as integer)
"""


def preview(
    settings: Settings,
    clock: Clock,
    *,
    playbook: str = "",
    step: int | None = None,
    customer_id: str = "",
    locales: Sequence[str] = (),
    seeds_dir: Path = SEEDS_DIR,
    templates_dir: Path = TEMPLATES_DIR,
) -> tuple[list[Shown], list[str]]:
    """The messages of a playbook, or of all that are enabled; and the settings that they lack.

    A step has the words of each of its contents. Without a customer each message is written twice:
    for a person of whom all facts are known, and for one of whom none is beside those that the
    words need, if it reads otherwise then; and each in every one of the `locales`, or of the
    languages that are switched on. A customer gets their own, and no content for which they have
    nothing. Raises UsageError for a playbook, step or customer that isn't there.
    """
    today = clock.now().astimezone(ZoneInfo(settings.shop_timezone)).date()
    rows = _read_steps(settings, playbook, seeds_dir, today)
    if not rows:
        what = f"playbook {playbook!r}" if playbook else "enabled playbook"
        raise UsageError(f"there is no {what} with steps in {seeds_dir}/playbooks.csv")
    rows = [row for row in rows if step in {None, row["step"]}]
    if not rows:
        raise UsageError(f"there is no step {step} in {playbook or 'an enabled playbook'}")
    needed = {k: v for row in rows for k, v in _STAND_INS.get(row["channel"], {}).items()}
    lacking = {name: value for name, value in needed.items() if not getattr(settings, name)}
    effective = settings.model_copy(update=lacking)
    renderer, public = Renderer(effective, templates_dir), effective.public_base_url or _PUBLIC
    messages: list[Shown] = []
    known = set[tuple[object, ...]]()
    own = ("",) if customer_id else settings.enabled_languages
    for row, tag in product(rows, locales or own):
        if row["validity_days"] is not None:
            row["offer_expires_at"] = clock.now() + timedelta(days=row["validity_days"])
        people = _people(settings, row, customer_id)
        if not people:
            continue
        spoken = {"locale": tag} if tag else {}
        written = [
            _write(renderer, row | facts | spoken, about, public) for about, facts in people.items()
        ]
        # Two that read the same are shown once, and so is a text that differs by its offer alone.
        same = len({(it.payload_json, it.unwritten) for it in written}) == 1
        text = (row["playbook_id"], row["step"], row["variant"], row["needs"], written[0].locale)
        messages += written[:1] if same or text in known else written
        known.add(text)
    return messages, [f"WINBACK_{name.upper()}" for name in lacking]


def _people(
    settings: Settings, row: Mapping[str, Any], customer_id: str
) -> dict[str, dict[str, Any]]:
    """Whose facts a step is written with: of words that need something, they have that."""
    needed = needed_by(row["needs"])
    if customer_id:
        facts = read_customer(settings, customer_id, row)
        has_them = all(facts[name] for name in needed)
        return {f"customer {customer_id}": facts} if has_them else {}
    people = invented(settings)
    people[NONE_KNOWN] |= {name: people[ALL_KNOWN][name] for name in needed}
    return people


def _read_steps(settings: Settings, playbook: str, seeds_dir: Path, today: date) -> Rows:
    files = {name: seeds_dir / f"{name}.csv" for name in _SEEDS}
    with connect() as connection:
        return rows_with(
            connection,
            _STEPS,
            wanted=playbook,
            country=settings.shop_country.upper(),
            currency=settings.currency,
            rates=json.dumps({name: str(rate) for name, rate in settings.rates.items()}),
            today=today.isoformat(),
            **files,
        )


def _write(renderer: Renderer, row: Mapping[str, Any], about: str, public_base_url: str) -> Shown:
    after = f"step {row['anchor_step']}" if row["anchor_step"] else "entering"
    told: dict[str, Any] = {
        **{
            name: row[name]
            for name in ("playbook_id", "step", "channel", "variant", "needs", "template")
        },
        "about": about,
        "days": f"{row['min_days']} to {row['max_days']} days after {after}",
        "offer_id": row["offer_id"] or "",
    }
    way_out = f"{public_base_url.rstrip('/')}/u/{PREVIEW_TOKEN}"
    try:
        written = renderer.render(row, unsubscribe_url=way_out, codes=example_codes)
    except RenderBlocked as why:
        return Shown(**told, locale=str(row.get("locale") or ""), unwritten=str(why))
    return Shown(
        **told,
        locale=written.locale,
        payload_json=written.payload_json,
        sms_parts=written.sms_parts,
        cost_cents=written.cost_cents(row["cost_cents_per_part"]),
        findings=tuple(renderer.findings(row, written, unsubscribe_url=way_out)),
    )
