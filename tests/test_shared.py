"""What the processes of a run share is made once."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.shared import made_once
from tests.waiting import wait_until


def test_who_comes_while_it_is_made_waits_and_makes_nothing(tmp_path_factory: pytest.TempPathFactory) -> None:
    name = tmp_path_factory.mktemp("name").name
    made: list[Path] = []

    def make(folder: Path) -> None:
        made.append(folder)
        wait_until(lambda: opened(f"{name}.lock") == 2)
        (folder / "file").touch()

    with ThreadPoolExecutor(2) as visitors:
        asked = [visitors.submit(made_once, tmp_path_factory, name, make) for _ in range(2)]
    assert [folder.result() for folder in asked] == made * 2
    assert (made[0] / "file").exists()


def opened(name: str) -> int:
    """How often this process has a file of this name open."""
    links = (path.readlink() for path in Path("/proc/self/fd").iterdir() if path.is_symlink())
    return sum(str(link).endswith(name) for link in links)


def test_what_failed_half_way_is_made_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    name = tmp_path_factory.mktemp("name").name

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError

    with pytest.raises(OSError):
        made_once(tmp_path_factory, name, fail)
    folder = made_once(tmp_path_factory, name, lambda folder: (folder / "whole").touch())
    assert [file.name for file in folder.iterdir()] == ["whole"]
