"""Faults that people met in systems like this one: each folder of ../shared/faults with what its README asks for.

The folders are not part of the project. Without them these tests are skipped with a reason, and fail in CI.
"""

import os
from pathlib import Path

import pytest

FAULTS = Path(__file__).resolve().parents[3] / "shared" / "faults"


def fault(name: str) -> Path:
    """Return the folder of one kind of fault, such as ``07-ris-wrapped-title``; skip the test where it is missing."""
    folder = FAULTS / name
    if not folder.is_dir():
        reason = f"the faults (../shared/faults/{name}) are not beside this project"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return folder
