"""The command line: a file per command; parse, call the workflow, print a path."""
