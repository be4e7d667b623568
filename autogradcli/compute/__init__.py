"""From a problem to a report: the three engines and the verdict."""
