"""What every room stands on: settings, the clock, errors, files and terminals."""
