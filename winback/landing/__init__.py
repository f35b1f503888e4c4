"""Landing: a shop's files, typed, checked and kept as Parquet."""
