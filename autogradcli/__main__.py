"""`python -m autogradcli`, the same as `gradcalc`."""

from autogradcli.client import main

main()
