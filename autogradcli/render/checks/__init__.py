"""What came of the cases of `gradcalc check`: one file for each format, from outcomes to pieces of text.

A format that can be written as it comes gives a piece for each outcome; the others give theirs at the end.
"""
