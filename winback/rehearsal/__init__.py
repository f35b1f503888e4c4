"""Stand-ins for a season without real customers: providers on loopback, and an invented shop."""
