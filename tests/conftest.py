"""What holds for the whole suite."""

from hypothesis import settings

# The same examples in every run: chance belongs into the campaigns, which print their seed.
settings.register_profile("suite", derandomize=True, database=None)
settings.load_profile("suite")
