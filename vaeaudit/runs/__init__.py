"""The run directory: save, load, verify, resume; and the folder of scores that a run gives to other data."""
