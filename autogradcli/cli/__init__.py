"""The command line: options to problems, reports to text and an exit status."""
