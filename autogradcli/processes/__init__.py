"""Processes of our own: one child, a pool of them, a cluster; and the limits of time and memory of every item.

Why no library: pebble limits the time of an item, but reads an endless stream to its end before its first result, and
knows no limit of memory. In loky one crash fails every item that is on its way, and nothing limits the time. Both
import multiprocessing's connections, which alone takes longer than our child takes to start.
"""
