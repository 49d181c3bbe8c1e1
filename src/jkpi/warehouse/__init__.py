"""One way into the warehouse: DuckDB (embedded) or PostgreSQL, behind the same few methods."""
