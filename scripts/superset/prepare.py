"""Prepare Superset's metadata: tables, an admin, permissions. Runs in Superset's own environment.

Three commands run in one process, because most of their time is the import.
"""

import os
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from superset.cli.main import superset


def disable_synchronous_writes(connection: Any, _record: Any) -> None:
    """Turn off disk synchronization for hundreds of migrations: a database that is damaged here is created again."""
    connection.execute("pragma synchronous = off")


def main() -> None:
    """Run the commands that Superset needs before its first start; all are safe to repeat."""
    event.listen(Engine, "connect", disable_synchronous_writes)
    name, password = os.environ["JKPI_SUPERSET_ADMIN"], os.environ["JKPI_SUPERSET_PASSWORD"]
    admin_options = ["--username", name, "--firstname", "jkpi", "--lastname", "admin", "--email", f"{name}@localhost"]
    for words in (["db", "upgrade"], ["fab", "create-admin", *admin_options, "--password", password], ["init"]):
        superset.main(words, standalone_mode=False)


if __name__ == "__main__":
    main()
