"""The state database: engine and transactions, tables, migrations, and the one reader of open alerts."""
