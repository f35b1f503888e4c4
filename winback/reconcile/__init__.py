"""Reconciling: messages of unknown outcome, missing callbacks, the providers' own opt-outs.

read what is known (_unresolved) → decide (_decide) → ask the provider's records (_ask, by a
channel's `look_up`) → write down what it proves (_settle). Beside it the sweeps: how far texts
have come (_progress) and whom SendGrid suppresses (_lists); and what an operator knows
(_by_hand).
"""

from winback.reconcile._by_hand import release, settle_as_sent
from winback.reconcile._lost_time import LostTime, learn_lost_time
from winback.reconcile._open import Open, open_messages
from winback.reconcile._reconcile import reconcile, withdraw_unresolved
from winback.reconcile._report import ReconcileReport

__all__ = [
    "LostTime",
    "Open",
    "ReconcileReport",
    "learn_lost_time",
    "open_messages",
    "reconcile",
    "release",
    "settle_as_sent",
    "withdraw_unresolved",
]
