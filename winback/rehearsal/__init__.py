"""A season without a customer: providers on loopback, and an invented shop."""
