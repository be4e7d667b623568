#!python
"""What a shell finds as `gradcalc`, once it is installed; pip writes its own Python into the first line.

The script that pip makes of an entry point imports `re`, which takes longer than all else that a warm call imports.
"""

from autogradcli.client import main

if __name__ == "__main__":
    main()
