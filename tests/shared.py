"""Folders that are made once for all processes of a run, by the first that needs them. Tests read them, or work on copies."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder of the whole run: those of pytest-xdist's workers are in it."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """The folder of this name, into which ``make`` has put what belongs there; who comes meanwhile waits."""
    folder = shared_folder(factory) / f"shared-{name}"
    with folder.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.fstat(lock.fileno()).st_size:  # not made, not even meanwhile
            shutil.rmtree(folder, ignore_errors=True)  # of somebody who failed half way
            folder.mkdir()
            make(folder)
            lock.write("made")
    return folder
