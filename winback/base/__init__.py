"""The base of every room: settings, the clock, errors, files and terminals."""
