"""An invented shop, and shoppers whose true behavior is known."""

from winback.rehearsal.demo._bad_rows import BadRow
from winback.rehearsal.demo._contacts import invent_contacts
from winback.rehearsal.demo._messages import TEMPERS, Reaction, ReceivedMessage, Temper
from winback.rehearsal.demo._orders import Order, OrderLine
from winback.rehearsal.demo._people import Customer
from winback.rehearsal.demo._servers import servers
from winback.rehearsal.demo._shop import Shop, generate_shop
from winback.rehearsal.demo._shoppers import Shoppers, Truth
from winback.rehearsal.demo._street import Street

__all__ = [
    "TEMPERS",
    "BadRow",
    "Customer",
    "Order",
    "OrderLine",
    "Reaction",
    "ReceivedMessage",
    "Shop",
    "Shoppers",
    "Street",
    "Temper",
    "Truth",
    "generate_shop",
    "invent_contacts",
    "servers",
]
