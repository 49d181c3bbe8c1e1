"""What `jkpi.yml` says about showing: the Superset that dashboards are put into."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from jkpi.documents.documents import Strict
from jkpi.errors import Problem

Provider = Literal["db", "ldap"]

_WITH_PASSWORD = re.compile(r"://[^/@:]*:[^/@]+@")


class SupersetFile(Strict):
    """A Superset 6, and who puts dashboards there: a user with the role Admin, for roles are made as well."""

    url: str = Field(pattern=r"^https?://[^\s?#]+$", description="Where it is reached, such as https://bi.example.org")
    username: str
    password: str = Field(pattern=r"^(env|file):.+", description="A secret: write env:NAME or file:PATH.")
    provider: Provider = Field("db", description="How Superset knows the user.")
    database: str | None = Field(
        None, description="The warehouse as Superset reaches it, where that is another address: an URL, or env:NAME."
    )

    @field_validator("database")
    @classmethod
    def _keeps_its_secret(cls, url: str | None) -> str | None:
        if url is not None and _WITH_PASSWORD.search(url):
            raise ValueError("a password stands in it: write env:NAME or file:PATH, and the URL there")
        return url


@dataclass(frozen=True)
class Superset:
    """The same with its secrets resolved; `missing`: those that are not there."""

    url: str
    username: str
    password: SecretStr
    provider: Provider = "db"
    database: SecretStr | None = None
    missing: tuple[Problem, ...] = ()
