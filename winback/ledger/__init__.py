"""The ledger: the one database for everything that leaves the house."""
