"""Values from files: what is opened, and one reader for each format. Nothing in a file is ever executed."""
