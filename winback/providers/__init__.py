"""Providers: one folder each behind one seam, with all that is known of it.

A provider's folder holds its client, its channels, its records, its callbacks and its
signature. What it posts becomes an `Event`, whoever it is.
"""

from winback.providers._bounds import BrokenResponseError, ResponseTooLargeError
from winback.providers._classify import classify
from winback.providers._event import Event, EventKind, Unreadable
from winback.providers._left import Heard, Left, RecordsUnreadable
from winback.providers._look_up import (
    Charged,
    EndWithdrawal,
    Finding,
    Listed,
    Prices,
    Progress,
    Question,
    Search,
    Withdraw,
)
from winback.providers._open import open_channel, why_off
from winback.providers._record import Record
from winback.providers._seam import (
    Channel,
    Kind,
    NotPreparedError,
    Outcome,
    Outgoing,
    Request,
    Scope,
)
from winback.providers._wire import HttpResponse, NotHandedOverError, Wire
from winback.providers.own.choices import (
    Choice,
    preference_record,
    preferred,
    undo_record,
    unsubscribe_record,
    unsubscribed,
)
from winback.providers.own.clicks import click_record, clicked
from winback.providers.print_shop.files import COLUMNS as PRINT_COLUMNS
from winback.providers.print_shop.files import handed_over
from winback.providers.print_shop.files import read_rows as read_print_rows
from winback.providers.print_shop.returns import returned, returned_record
from winback.providers.sendgrid.left import mail_left
from winback.providers.sendgrid.lists import (
    LIST_NAMES,
    PAGE_ROWS,
    Entry,
    ListName,
    Page,
    SuppressionLists,
)
from winback.providers.twilio.left import texts_left
from winback.providers.twilio.records import skeleton
from winback.providers.twilio.twiml import answer_call

__all__ = [
    "LIST_NAMES",
    "PAGE_ROWS",
    "PRINT_COLUMNS",
    "BrokenResponseError",
    "Channel",
    "Charged",
    "Choice",
    "EndWithdrawal",
    "Entry",
    "Event",
    "EventKind",
    "Finding",
    "Heard",
    "HttpResponse",
    "Kind",
    "Left",
    "ListName",
    "Listed",
    "NotHandedOverError",
    "NotPreparedError",
    "Outcome",
    "Outgoing",
    "Page",
    "Prices",
    "Progress",
    "Question",
    "Record",
    "RecordsUnreadable",
    "Request",
    "ResponseTooLargeError",
    "Scope",
    "Search",
    "SuppressionLists",
    "Unreadable",
    "Wire",
    "Withdraw",
    "answer_call",
    "classify",
    "click_record",
    "clicked",
    "handed_over",
    "mail_left",
    "open_channel",
    "preference_record",
    "preferred",
    "read_print_rows",
    "returned",
    "returned_record",
    "skeleton",
    "texts_left",
    "undo_record",
    "unsubscribe_record",
    "unsubscribed",
    "why_off",
]
