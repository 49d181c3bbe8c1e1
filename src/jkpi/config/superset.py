"""Section `superset` of `jkpi.yml`: the server that dashboards are published to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from jkpi.documents.models import StrictModel
from jkpi.errors import Problem

Provider = Literal["db", "ldap"]

_PASSWORD_IN_URL = re.compile(r"://[^/@:]*:[^/@]+@")


class SupersetConfig(StrictModel):
    """A Superset 6 server and the user that publishes to it. It needs the role Admin, because roles are created."""

    url: str = Field(pattern=r"^https?://[^\s?#]+$", description="Its address, such as https://bi.example.org")
    username: str
    password: str = Field(pattern=r"^(env|file):.+", description="A secret: write env:NAME or file:PATH.")
    provider: Provider = Field("db", description="How Superset authenticates the user.")
    database: str | None = Field(
        None, description="The warehouse as Superset reaches it, if different: a URL without password, or env:NAME."
    )

    @field_validator("database")
    @classmethod
    def _refuse_password_in_url(cls, url: str | None) -> str | None:
        if url is not None and _PASSWORD_IN_URL.search(url):
            raise ValueError("it contains a password: write env:NAME or file:PATH and put the URL there")
        return url


@dataclass(frozen=True)
class SupersetConnection:
    """The same with secrets resolved. unresolved_secrets: those that could not be resolved."""

    url: str
    username: str
    password: SecretStr
    provider: Provider = "db"
    database: SecretStr | None = None
    unresolved_secrets: tuple[Problem, ...] = ()
