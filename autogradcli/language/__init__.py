"""The language: text, programs, tapes and the table of functions."""
