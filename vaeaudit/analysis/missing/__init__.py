"""Which rows are missing: regions short against four baselines, ranked, told in columns, tested for stability."""
