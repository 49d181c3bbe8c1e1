"""The state database: engine and transactions, tables, migrations, and the reader of alerts for other packages."""
