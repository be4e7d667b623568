"""Cases from files: what is to hold of which expressions, in TOML, JSON or JSON Lines."""
