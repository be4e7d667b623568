"""Processes of our own: one child, a pool of them, a cluster; and the limits of time and memory of every item.

Why no library, tried with pebble 5.2 and loky 3.7: pebble limits the time of an item, but its `map` reads an endless
stream to its end before the first result, and has no limit of memory. In loky one crash ended the whole run.
"""
