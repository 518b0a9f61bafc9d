"""Lists that readers judge: what is put to them, and what their judgements say."""
