"""`python -m winback.cli`: the console command where no script is installed."""

from winback.cli import main

main()
