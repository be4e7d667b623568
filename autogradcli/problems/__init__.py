"""Problems from where they are written down: the command line, JSON Lines."""
