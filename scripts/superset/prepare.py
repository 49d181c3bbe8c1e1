"""Superset's metadata made ready, in Superset's own environment: tables, an admin, permissions.

Three commands of its command line in one process: most of their time is the import.
"""

import os
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from superset.cli.main import superset


def disable_synchronous_writes(connection: Any, _record: Any) -> None:
    """Hundreds of migrations need not reach the disk one by one: what breaks here is made anew."""
    connection.execute("pragma synchronous = off")


def main() -> None:
    """Run the commands that a Superset needs before its first start; each is harmless when repeated."""
    event.listen(Engine, "connect", disable_synchronous_writes)
    name, password = os.environ["JKPI_SUPERSET_ADMIN"], os.environ["JKPI_SUPERSET_PASSWORD"]
    admin_options = ["--username", name, "--firstname", "jkpi", "--lastname", "admin", "--email", f"{name}@localhost"]
    for words in (["db", "upgrade"], ["fab", "create-admin", *admin_options, "--password", password], ["init"]):
        superset.main(words, standalone_mode=False)


if __name__ == "__main__":
    main()
