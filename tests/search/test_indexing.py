"""How the index follows the database, and what happens to it when processes die or files are damaged."""

import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.context import ForkServerProcess
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text

from tests.drills.site import processes
from tests.engines import both_engines
from tests.factories import NOW, add_article, content, publish
from tests.pages import PageClient
from tests.search.conftest import Adds
from tests.search.made_up import COUNT, VOCABULARY, clauses, fill
from tests.waiting import wait_until
from webapp import create_app, jobs
from webapp.config import Config
from webapp.db import change_log
from webapp.db.change_log import ChangeKind
from webapp.db.session import db
from webapp.db.writing import writing
from webapp.models import Category
from webapp.publishing.publication import withdraw
from webapp.search import index as index_files
from webapp.search import indexing
from webapp.search.documents import IndexDocument
from webapp.search.index import SearchIndex, SearchUnavailable, search_index
from webapp.search.posting_arrays import Clause
from webapp.search.words import stem


def waiting() -> int:
    return indexing.lag(NOW)[0]


def live_folder(config: Config) -> Path:
    return config.search_index / (config.search_index / "CURRENT").read_text(encoding="ascii")


# Following


@both_engines
def test_catching_up_follows_every_change(app: Flask) -> None:
    for _ in range(3):
        add_article()
    assert waiting() == 3
    indexing.catch_up()
    add_article()
    assert waiting() == 1
    assert indexing.catch_up() == 1
    assert waiting() == 0
    assert indexing.differences(search_index()).is_empty


@both_engines
def test_a_withdrawn_article_leaves_the_index(app: Flask, add: Adds) -> None:
    article = add()
    withdraw(article, "Wrong.", NOW)
    db.session.commit()
    indexing.catch_up()
    assert search_index().snapshot().entries() == {}


@both_engines
def test_a_change_that_concerns_no_article_only_moves_the_cursor(app: Flask, add: Adds) -> None:
    add()
    indexing.catch_up()
    change_log.announce(ChangeKind.GLOSSARY, NOW)
    db.session.commit()
    assert indexing.catch_up() == 1
    assert waiting() == 0


@both_engines
def test_killed_before_the_cursor_moved_the_work_is_repeated(app: Flask, add: Adds) -> None:
    article = add()
    indexing.catch_up()
    search_index().move_cursor(0)
    assert indexing.catch_up() > 0
    assert search_index().snapshot().entries() == {article.id: article.revision_number}


@both_engines
def test_check_names_every_difference(app: Flask, add: Adds) -> None:
    kept, gone = add(), add()
    missing = add_article()
    kept.revision_number += 1
    withdraw(gone, "Wrong.", NOW)
    db.session.commit()
    difference = indexing.differences(search_index())
    assert difference == indexing.IndexDifference(
        frozenset((missing.id,)), frozenset((kept.id,)), frozenset((gone.id,))
    )


@both_engines
def test_one_writer_at_a_time(app: Flask, add: Adds) -> None:
    add()
    with search_index().writing(), pytest.raises(SearchUnavailable), search_index().writing(patience=0.05):
        raise AssertionError("two writers at once")


# Rebuilding


def test_a_rebuilt_index_equals_the_database_and_replaces_the_old_one(
    app: Flask, config: Config, add: Adds
) -> None:
    add()
    before = live_folder(config)
    add_article()
    told: list[tuple[int, int]] = []
    assert indexing.rebuild(lambda done, total: told.append((done, total))) == 2
    assert told[-1] == (2, 2)
    assert live_folder(config) != before
    assert not before.exists()
    assert indexing.differences(search_index()).is_empty


@both_engines
def test_what_is_published_during_a_rebuild_is_in_the_new_index(app: Flask, add: Adds) -> None:
    add()
    late: list[int] = []

    def publish_once(_done: int, _total: int) -> None:
        if not late:
            late.append(published_id())

    indexing.rebuild(publish_once)
    assert late[0] in search_index().snapshot().entries()


@both_engines
def test_searches_are_answered_during_a_rebuild(app: Flask, client: PageClient, add: Adds) -> None:
    add(plain_title="A zebrafish study")
    answers: list[str] = []
    indexing.rebuild(lambda _done, _total: answers.append(client.get("/search?q=zebrafish").text))
    assert "1 summary for" in answers[0]


@pytest.mark.proves("ASVS 1.5.2")
def test_the_index_folder_is_closed_to_others(app: Flask, config: Config, add: Adds) -> None:
    add()
    assert live_folder(config).stat().st_mode & 0o077 == 0


# Damage


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def empty(file: Path) -> None:
    file.write_bytes(b"")


def delete(file: Path) -> None:
    file.unlink()


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    chance = random.Random(1)
    for _ in range(max(1, len(content) // 50)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    file.write_bytes(content)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else writes: what cannot be opened is tried again as often, but without waiting for a commit to end."""
    monkeypatch.setattr(index_files, "OPEN_PAUSE", 0)


@pytest.mark.usefixtures("alone")
@pytest.mark.proves("Promise 1: a damaged or missing index is searched around and rebuilt")
@pytest.mark.parametrize("damage", [truncate, empty, delete, flip])
@pytest.mark.parametrize("ending", [".toc", ".trm", ".pst", ".col", "CURRENT"])
def test_a_damaged_index_is_survived_and_built_anew(
    app: Flask, client: PageClient, config: Config, add: Adds, *, damage: Callable[[Path], None], ending: str
) -> None:
    article = add(plain_title="A zebrafish study")
    files = (
        [config.search_index / "CURRENT"]
        if ending == "CURRENT"
        else list(live_folder(config).glob(f"*{ending}"))
    )
    assert files
    for file in files:
        damage(file)
    app.extensions["search"] = type(app.extensions["search"])(
        config.search_index
    )  # a process started afterwards
    found = client.get("/search?q=zebrafish").text
    client.get("/search?q=zebrafsh xyzzy")
    client.get("/search?q=pain&panel=1")
    assert f"/research/{article.slug}" in found
    indexing.rebuild()
    text = client.get("/search?q=zebrafish").text
    assert f"/research/{article.slug}" in text
    assert "fixing our search" not in text


@pytest.mark.proves("Promise 1: a damaged or missing index is searched around and rebuilt")
@both_engines
def test_a_missing_index_is_answered_by_the_database_with_a_note(app: Flask, client: PageClient) -> None:
    article = add_article(plain_title="A zebrafish study")
    text = client.get("/search?q=zebrafish").text
    assert f"/research/{article.slug}" in text
    assert "fixing our search" in text
    client.fragment("/search?q=zebra&panel=1")
    client.get("/search?q=pain&kind=reviews&category=pain-management&year=2021&subject=people&result=helped")
    client.flask.get("/search/feed.atom?q=zebrafish")


def test_after_a_failed_search_the_whole_index_is_read_and_found_damaged(
    app: Flask, client: PageClient, config: Config, add: Adds
) -> None:
    add(plain_title="A zebrafish study")
    flip(next(live_folder(config).glob("*.pst")))
    next(live_folder(config).glob("*.seal")).unlink()  # or it would be noticed when opened
    app.extensions["search"] = type(app.extensions["search"])(config.search_index)
    client.get("/search?q=zebrafish pain people injury")
    assert not search_index().is_intact()


def test_damage_that_a_running_process_has_not_noticed_is_never_built_upon(
    app: Flask, config: Config, add: Adds
) -> None:
    add()
    assert len(search_index().snapshot().entries()) == 1  # from now on it is in memory
    flip(next(live_folder(config).glob("*.pst")))
    add_article()
    with pytest.raises(SearchUnavailable):
        indexing.catch_up()
    assert not search_index().is_intact()
    indexing.catch_up()
    assert indexing.differences(search_index()).is_empty


def test_a_part_that_a_commit_need_not_read_is_never_built_upon_when_damaged(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path)
    fill(index)
    largest = max(tmp_path.glob("v*/*.pst"), key=lambda file: file.stat().st_size)
    assert index.is_intact()
    flip(largest)
    with pytest.raises(SearchUnavailable):
        index.apply([IndexDocument(COUNT, 1, 1, (), {})], ())
    assert not index.is_intact()


def test_a_failed_search_of_a_sound_index_is_no_reason_to_build_it_anew(
    app: Flask, add: Adds, monkeypatch: pytest.MonkeyPatch
) -> None:
    add()
    library = search_index().snapshot()
    with monkeypatch.context() as patched, pytest.raises(SearchUnavailable):
        patched.setattr(os, "pread", lambda *_: b"")
        library.segments[0].sequence(0)
    assert search_index().is_intact()
    assert search_index().snapshot() is not library


def test_an_index_of_another_version_counts_as_missing(app: Flask, config: Config, add: Adds) -> None:
    add()
    (config.search_index / "CURRENT").write_text("v0-abc", encoding="ascii")
    assert not search_index().is_intact()


def test_a_running_process_notices_that_its_files_were_cut_short(
    app: Flask, config: Config, add: Adds
) -> None:
    add()
    assert search_index().is_intact()
    truncate(next(live_folder(config).glob("*.pst")))
    assert not search_index().is_intact()
    assert search_index().snapshot().search().total == 1  # it still answers from memory


def test_what_is_overwritten_under_a_running_process_is_never_taken_for_true(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path)
    fill(index)
    running = SearchIndex(tmp_path)
    library = running.snapshot()
    right = [index.snapshot().search(clauses([word])) for word in VOCABULARY]
    for file in tmp_path.glob("v*/*.pst"):
        flip(file)
    for word, matches in zip(VOCABULARY, right, strict=True):
        with suppress(SearchUnavailable):
            assert library.search(clauses([word])) == matches
    assert not running.is_intact()


def test_a_phrase_is_never_looked_for_in_a_text_that_was_overwritten(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path)
    fill(index)
    library = index.snapshot()
    for file in [*tmp_path.glob("v*/*.sequence.col"), *tmp_path.glob("v*/*.frequent.col")]:
        flip(file)
    with pytest.raises(SearchUnavailable):
        library.search([Clause(((tuple(map(stem, VOCABULARY[:2])), 1.0),), is_phrase=True)])
    with pytest.raises(SearchUnavailable):
        list(map(library.frequent_stems, range(COUNT)))
    assert not index.is_intact()


def test_files_removed_under_a_running_process_go_on_being_read(
    app: Flask, config: Config, add: Adds
) -> None:
    add(plain_title="A zebrafish study")
    assert search_index().is_intact()
    for file in live_folder(config).glob("*.pst"):
        delete(file)
    assert search_index().snapshot().search(clauses(["zebrafish"])).total == 1


def test_a_folder_that_cannot_be_written_is_told_and_survived(
    app: Flask, client: PageClient, config: Config
) -> None:
    add_article(plain_title="A zebrafish study")
    config.search_index.rmdir() if config.search_index.exists() else None
    config.search_index.write_text("not a folder", encoding="ascii")
    with pytest.raises(SearchUnavailable):
        indexing.catch_up()
    assert "fixing our search" in client.get("/search?q=zebrafish").text


# Threads and processes


def follow(config: Config, is_ready: Event) -> None:
    """In a process of its own: follow the changes, as the jobs of a web process do."""
    jobs.start(create_app(config))
    is_ready.set()
    time.sleep(60)


def search_while_it_changes(folder: Path) -> None:
    """In a process of its own: search until five commits were seen; an error ends it with another status than 0."""
    index = SearchIndex(folder)
    commits: set[tuple[Path, int]] = set()
    while len(commits) < 5:
        snapshot = index.snapshot()
        assert snapshot.search().total >= 50
        commits.add(snapshot.commit_id)


def start_follower(config: Config) -> ForkServerProcess:
    """A process that follows already."""
    is_ready = processes.Event()
    follower = processes.Process(target=follow, args=(config, is_ready))
    follower.start()
    assert is_ready.wait(60)
    return follower


def kill(follower: ForkServerProcess) -> None:
    follower.kill()
    follower.join()


def published_id() -> int:
    """The id of a new article, published in the writer's turn since other processes write too."""
    with writing():
        article_id: int = publish(content(), NOW).id
    return article_id


def is_followed(article_id: int) -> bool:
    try:
        return article_id in search_index().snapshot().entries()
    except SearchUnavailable:
        return False


def test_a_follower_builds_follows_and_is_replaced_when_killed(app: Flask, config: Config) -> None:
    first = published_id()
    followers = [start_follower(config), start_follower(config)]
    try:
        wait_until(lambda: is_followed(first))
        second = published_id()
        wait_until(lambda: is_followed(second))
        kill(followers[0])
        third = published_id()
        # The cursor moves once the new files are sealed; damage before that is noticed only where it is read.
        wait_until(lambda: is_followed(third) and not index_files.is_behind())
        truncate(next(live_folder(config).glob("*.pst")))
        wait_until(lambda: search_index().is_intact() and is_followed(third))
    finally:
        for follower in followers:
            kill(follower)


def test_a_text_that_cannot_be_read_stops_the_follower_no_longer_than_it_is_there(
    app: Flask, config: Config, add: Adds
) -> None:
    add()
    broken = published_id()
    findings = db.session.scalar(text("SELECT findings FROM article WHERE id = :id"), {"id": broken})
    change = text("UPDATE article SET findings = :findings WHERE id = :id")
    db.session.execute(change, {"id": broken, "findings": '"no list"'})
    db.session.commit()
    follower = start_follower(config)
    try:
        time.sleep(0.5)
        assert not is_followed(broken)
        db.session.execute(change, {"id": broken, "findings": findings})
        db.session.commit()
        wait_until(lambda: is_followed(broken))
    finally:
        kill(follower)


def test_no_edit_is_lost_when_the_writer_is_killed_again_and_again(
    app: Flask, config: Config, add: Adds
) -> None:
    add()
    chance = random.Random(5)
    for _ in range(3):
        follower = start_follower(config)
        for _ in range(3):
            published_id()
            time.sleep(chance.uniform(0, 0.15))
        kill(follower)
    indexing.catch_up()
    assert waiting() == 0
    assert indexing.differences(search_index()).is_empty


def test_four_processes_search_while_one_commits(app: Flask, config: Config, add: Adds) -> None:
    for _ in range(50):
        add_article()
    indexing.catch_up()
    searchers = [
        processes.Process(target=search_while_it_changes, args=(config.search_index,)) for _ in range(4)
    ]
    for searcher in searchers:
        searcher.start()
    index = search_index()
    number = 1_000
    while any(searcher.is_alive() for searcher in searchers):
        with index.writing():
            index.apply([IndexDocument(number, 1, 0, (), {})], [number - 1])
        number += 1
    assert [searcher.exitcode for searcher in searchers] == [0] * 4


def test_a_renamed_category_is_found_under_its_new_name(app: Flask, client: PageClient) -> None:
    article = add_article(categories=["pain-management"])
    indexing.catch_up()
    category = db.session.scalars(select(Category).where(Category.slug == "pain-management")).one()
    category.name = "Wombatology"
    change_log.announce(ChangeKind.CATEGORIES, NOW)
    db.session.commit()
    indexing.catch_up()
    assert article.slug in client.get("/search?q=wombatology").text


def test_a_wrong_cursor_is_mended_by_comparing(app: Flask) -> None:
    add_article()
    indexing.catch_up()
    add_article()
    search_index().move_cursor(change_log.newest())
    indexing.compare()
    assert indexing.differences(search_index()).is_empty


@pytest.mark.parametrize("text", ["9" * 23, "-1", "x", ""])
def test_a_cursor_that_is_no_id_counts_as_unknown(app: Flask, config: Config, text: str) -> None:
    add_article()
    indexing.catch_up()
    (live_folder(config) / "cursor").write_text(text, encoding="ascii")
    assert search_index().cursor() is None


def test_results_of_an_index_that_is_behind_are_not_stored(app: Flask, client: PageClient) -> None:
    add_article()
    indexing.catch_up()
    add_article(main_message="A zebrafish swam.")
    for address in ("/search?q=zebrafish", "/search/feed.atom?q=zebrafish"):
        assert "no-store" in client.flask.get(address).headers["Cache-Control"]


def test_a_paper_that_was_only_checked_is_not_indexed_again(app: Flask) -> None:
    article = add_article()
    indexing.catch_up()
    article.revision_number += 1  # would be seen in the index if the article were read
    change_log.announce(ChangeKind.CHECKED, NOW, of=article.key)
    db.session.commit()
    assert indexing.catch_up() == 1
    assert search_index().snapshot().entries() == {article.id: article.revision_number - 1}
