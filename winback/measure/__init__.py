"""What it was worth: statistics, backtests, why, and the tables that a person reads."""
