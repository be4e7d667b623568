"""The record of a program that Python runs: every call of torch that autograd follows, and every backward."""
