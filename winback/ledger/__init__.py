"""The ledger: the one database for everything that leaves the house."""

from winback.ledger import _tables as tables
from winback.ledger._address_hashes import HASH_PREFIX, hashes_of, is_hashed
from winback.ledger._address_keys import ERASED_DETAIL, AddressKey, forget_key, is_hidden
from winback.ledger._address_keys import PREFIX as HIDDEN_PREFIX
from winback.ledger._among import among, texts
from winback.ledger._conversations import (
    Talking,
    close,
    replies_in,
    talking_among,
    waiting,
)
from winback.ledger._database import Ledger, insert_new, is_beside_others, open_ledger
from winback.ledger._evidence import (
    PROOFS,
    TWICE,
    EvidenceKind,
    Proof,
    bound_elsewhere,
    is_withdrawn,
    keep_duplicate,
    keep_evidence,
    prove_accepted,
    sent_twice,
)
from winback.ledger._export import EXPORTED, export_ledger, rewrite_table
from winback.ledger._fence import LedgerFenced, dedicate, require_use
from winback.ledger._house import SetMode, note_mode, note_stage_end, noted_mode, stage_ends
from winback.ledger._joins import (
    ask_to_join,
    end_joins,
    grant_join,
    joined_among,
    open_join,
    standing_joins,
)
from winback.ledger._links import Link, find_link
from winback.ledger._lost import NEW, has_ledger
from winback.ledger._messages import (
    MAY_HAVE_REACHED,
    WAITING,
    count_by_state,
    count_sends,
    recent_sends,
    reschedule,
    transition,
)
from winback.ledger._planned import note_planned, planned_from
from winback.ledger._preferences import (
    Preference,
    PreferenceKind,
    prefer,
    standing_preferences,
    withdraw,
)
from winback.ledger._replies import (
    NEEDS_A_HUMAN,
    UNAUTHENTICATED,
    Written,
    keep_replies,
    keep_reply,
)
from winback.ledger._revocations import (
    Revocation,
    forget_revocations,
    keep_revocations,
    revoked_among,
)
from winback.ledger._states import FINAL, TRANSITIONS, State
from winback.ledger._suppress import (
    Suppression,
    hide_address,
    stop_hashed,
    suppress,
    suppress_all,
    suppress_once,
)
from winback.ledger._suppressions import (
    HOLD,
    LIFTED_BY_START,
    ChannelGroup,
    SuppressionReason,
    channel_group,
    holds,
    is_suppressed,
    lift,
    normalize,
    release_hold,
    suppressed_among,
    suppressions_in_force,
)
from winback.ledger._tokens import link_token
from winback.ledger._tokens import read as read_token
from winback.ledger._tokens import sign as sign_token
from winback.ledger._trouble import LedgerUnavailable
from winback.ledger._unwritten import keep_unwritten
from winback.ledger.vocabulary import (
    CAMPAIGN,
    CONFIRMATION,
    OF_A_JOIN,
    REPLIES,
    REPLY,
    SERIES_ASK,
    Purpose,
    WrittenBy,
)

__all__ = [
    "CAMPAIGN",
    "CONFIRMATION",
    "ERASED_DETAIL",
    "EXPORTED",
    "FINAL",
    "HASH_PREFIX",
    "HIDDEN_PREFIX",
    "HOLD",
    "LIFTED_BY_START",
    "MAY_HAVE_REACHED",
    "NEEDS_A_HUMAN",
    "NEW",
    "OF_A_JOIN",
    "PROOFS",
    "REPLIES",
    "REPLY",
    "SERIES_ASK",
    "TRANSITIONS",
    "TWICE",
    "UNAUTHENTICATED",
    "WAITING",
    "AddressKey",
    "ChannelGroup",
    "EvidenceKind",
    "Ledger",
    "LedgerFenced",
    "LedgerUnavailable",
    "Link",
    "Preference",
    "PreferenceKind",
    "Proof",
    "Purpose",
    "Revocation",
    "SetMode",
    "State",
    "Suppression",
    "SuppressionReason",
    "Talking",
    "Written",
    "WrittenBy",
    "among",
    "ask_to_join",
    "bound_elsewhere",
    "channel_group",
    "close",
    "count_by_state",
    "count_sends",
    "dedicate",
    "end_joins",
    "export_ledger",
    "find_link",
    "forget_key",
    "forget_revocations",
    "grant_join",
    "has_ledger",
    "hashes_of",
    "hide_address",
    "holds",
    "insert_new",
    "is_beside_others",
    "is_hashed",
    "is_hidden",
    "is_suppressed",
    "is_withdrawn",
    "joined_among",
    "keep_duplicate",
    "keep_evidence",
    "keep_replies",
    "keep_reply",
    "keep_revocations",
    "keep_unwritten",
    "lift",
    "link_token",
    "normalize",
    "note_mode",
    "note_planned",
    "note_stage_end",
    "noted_mode",
    "open_join",
    "open_ledger",
    "planned_from",
    "prefer",
    "prove_accepted",
    "read_token",
    "recent_sends",
    "release_hold",
    "replies_in",
    "require_use",
    "reschedule",
    "revoked_among",
    "rewrite_table",
    "sent_twice",
    "sign_token",
    "stage_ends",
    "standing_joins",
    "standing_preferences",
    "stop_hashed",
    "suppress",
    "suppress_all",
    "suppress_once",
    "suppressed_among",
    "suppressions_in_force",
    "tables",
    "talking_among",
    "texts",
    "transition",
    "waiting",
    "withdraw",
]
