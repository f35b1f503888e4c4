"""`winback send-test`: one step's message to the operator, without Prefect."""

from __future__ import annotations

from decimal import Decimal

from flows._context import open_stage
from winback import sending
from winback.base.console import print_json, say
from winback.base.errors import UsageError, WinbackError
from winback.base.languages import wanted_languages
from winback.base.settings import Settings
from winback.content.preview import Shown, preview
from winback.readiness.modes import resolve_run


def send_test(
    settings: Settings,
    *,
    playbook: str,
    step: int,
    to: str,
    variant: str,
    locale: str = "",
    mode: str | None,
    as_json: bool = False,
) -> None:
    """Write the step for an invented person of whom all is known, and send it to `to`."""
    resolved = resolve_run(settings, mode=mode)
    if not resolved.sends:
        raise UsageError(
            "A dry run sends nothing. Next: --mode sandbox, or --mode live once winback doctor "
            "finds nothing missing; winback preview shows the message"
        )
    with open_stage(resolved.mode, None) as stage:
        shown = _written(
            preview(
                stage.settings,
                stage.run.clock,
                playbook=playbook,
                step=step,
                locales=wanted_languages(locale),
            )[0],
            variant,
        )
        outcome = sending.send_test(
            stage.ledger,
            stage.settings,
            channel=shown.channel,
            payload_json=shown.payload_json,
            to=to,
            now=stage.run.clock.now(),
        )
    facts = {
        "mode": resolved.mode,
        "playbook_id": playbook,
        "step": step,
        "channel": shown.channel,
        "variant": shown.variant,
        "template": shown.template,
        "outcome": outcome.kind,
        "reason": outcome.reason,
        "provider_id": outcome.provider_id,
        "cost_cents": shown.cost_cents,
    }
    if as_json:
        print_json(facts)
    if outcome.kind != "accepted":
        raise WinbackError(
            f"The provider did not take it ({outcome.kind}): {outcome.reason}. Next: winback "
            "doctor --network"
        )
    if not as_json:
        say(_told(shown, resolved.mode))


def _written(found: list[Shown], variant: str) -> Shown:
    """The first message, or that of a variant, for the person of whom all is known."""
    named = [it for it in found if variant in {"", it.variant}]
    if not named:
        variants = ", ".join(sorted({it.variant for it in found if it.variant})) or "none"
        raise UsageError(f"The step has no variant {variant!r}; it has {variants}.")
    written = [it for it in named if not it.unwritten]
    if not written:
        raise WinbackError(f"The message can't be written: {named[0].unwritten}")
    if held := [it for it in written[0].findings if it.stops]:
        raise WinbackError(f"A run would hold this message. {held[0]}")
    return written[0]


def _told(shown: Shown, mode: str) -> str:
    where = "the sandbox of this machine took it" if mode == "sandbox" else "the provider took it"
    is_worth_telling = shown.cost_cents >= Decimal("0.5")
    cost = f" It costs some {shown.cost_cents / 100:.2f}." if is_worth_telling else ""
    what = f"{shown.playbook_id} step {shown.step}"
    name = f", variant {shown.variant}" if shown.variant else ""
    return (
        f"Sent: {what} ({shown.channel}{name}); {where}. It is written for an invented person and "
        f"counted nowhere.{cost}"
    )
