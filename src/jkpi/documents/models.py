"""YAML files as validated models: unknown keys are errors, and every problem has its position."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from jkpi.documents.documents import Document, read_document
from jkpi.documents.validation_errors import validation_problems
from jkpi.errors import WorkspaceError


class StrictModel(BaseModel):
    """Base of the models of user-written files: unknown keys are errors, and instances are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


Model = TypeVar("Model", bound=BaseModel)


def read_model(path: Path, model: type[Model], root: Path | None = None) -> tuple[Model, Document]:
    """Read a YAML file into `model`. Also returns the document, for checks across keys.

    Raises:
        WorkspaceError: the file is missing, is not YAML, or does not fit the model. It has all problems of the file.
    """
    document = read_document(path, root)
    try:
        return model.model_validate(document.data), document
    except ValidationError as error:
        raise WorkspaceError(validation_problems(error, model, document)) from None
