"""An invented shop, and shoppers whose true behavior is known."""

from winback.demo._bad_rows import BadRow
from winback.demo._contacts import invent_contacts
from winback.demo._messages import TEMPERS, Reaction, ReceivedMessage, Temper
from winback.demo._orders import Order, OrderLine
from winback.demo._people import Customer
from winback.demo._servers import servers
from winback.demo._shop import Shop, generate_shop
from winback.demo._shoppers import Shoppers, Truth
from winback.demo._street import Street

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
