"""The worth of messages: statistics, backtests, `why`, and the tables that a person reads."""
