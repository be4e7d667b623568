"""What tests compute the truth with: mpmath, differences, limits, and meanings written by hand; none of our engines."""
