"""The data room: from a path or a DataFrame to a typed `Dataset` with an exact account of its rows."""
