"""The graph that autograd built, as text and pictures: one neutral picture, and a file for each way to write it."""
