"""A year in an hour: a simulated plant whose sensors fail, are replaced and change their unit."""
