"""Numbers, phrases, cells and rules in words: the one writer for findings, verdict, page and command line.

Plain text in, plain text out; no HTML. What is written of a result takes its fields, not the result: this room stands
below the analysis.
"""
