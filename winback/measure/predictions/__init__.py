"""Who still orders, how often, and what an order is worth: models fitted to a shop's history."""

from winback.measure.predictions._fits import fit_predictions
from winback.measure.predictions._orders import (
    OrderCounts,
    OrderModel,
    fit_orders,
    orders_if_active,
)
from winback.measure.predictions._spend import SpendCounts, SpendModel, fit_spend

__all__ = [
    "OrderCounts",
    "OrderModel",
    "SpendCounts",
    "SpendModel",
    "fit_orders",
    "fit_predictions",
    "fit_spend",
    "orders_if_active",
]
