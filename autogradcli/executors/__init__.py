"""Executors: the same work on many items, in this process, in several, or on a cluster; results in the items' order."""
