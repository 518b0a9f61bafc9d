"""The command line: a file per command; parse, call the pipeline, print a path."""
