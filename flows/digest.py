"""The month's digest to the shop's owner, with the report beside it; sent once a month."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from prefect import flow

from flows._ending import end_flow, ends_in_a_sentence
from flows._entry import take_over_waiting
from flows._forms import about, named, with_form
from winback.base.errors import WinbackError
from winback.base.settings import Settings
from winback.base.whole import written_whole
from winback.measure import shop_report
from winback.readiness.mail import Mail, send_mail


@flow(name="digest", flow_run_name=named("digest"), description=about("digest"))
@with_form
@ends_in_a_sentence
def digest(again: bool = False) -> date | None:
    """Mail what the messages were worth in the last month, once."""
    take_over_waiting()
    settings = Settings.load()
    if not settings.report_mail_to:
        line = "WINBACK_REPORT_MAIL_TO names nobody, so no digest is sent"
        return end_flow(line, None, name="Nobody to mail to")
    published = shop_report.published_as_of(settings, None)
    figures = shop_report.read_figures(published, timezone=settings.shop_timezone)
    written = shop_report.write_digest(
        published, figures, brand=settings.brand_name or "the shop", timezone=settings.shop_timezone
    )
    sent = settings.home / "digest.json"
    if _last(sent) == written.month.isoformat() and not again:
        line = f"The digest of {written.month:%B %Y} has been sent"
        return end_flow(line, written.month, name="Sent before")
    page = shop_report.write_report(figures, settings)
    mail = Mail(settings.report_mail_to, written.subject, written.text, page)
    if failed := send_mail(settings, mail):
        raise WinbackError(f"The digest did not leave: {failed}. Next: run the deployment again")
    with written_whole(sent) as file:
        file.write_text(json.dumps({"month": written.month.isoformat()}), encoding="utf-8")
    return end_flow(f"The digest of {written.month:%B %Y} has left", written.month)


def _last(path: Path) -> str:
    """The month that was sent last; a file that can't be read says none."""
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["month"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
