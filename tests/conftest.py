"""What every test may ask for: an application on a fresh database, a client that checks pages, and made-up articles."""

import gc
import os
import pickle
import random
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from flask import Flask, has_app_context
from hypothesis import settings
from sqlalchemy import Connection, Engine, event

from tests.accounts.people import EditorClient, add_editor, sign_in
from tests.compiled import TEMPLATE_CODE, ReusedCards, ReusedMap, TemplateCode, share_statements
from tests.drills.site import IS_FULL
from tests.factories import NOW, STARTER, add_categories
from tests.hostile.world import World, build
from tests.pages import PageClient, passed, simple
from tests.postgres import server
from tests.shared import made_once
from webapp import create_app, jobs
from webapp.accounts import passwords, second_factor
from webapp.config import Config
from webapp.db.engine import create_file
from webapp.db.session import Base, db
from webapp.models import Editor, Role
from webapp.publishing.library import import_library
from webapp.safety import live
from webapp.search import indexing

KEY = "a-key-for-tests-that-is-long-enough-to-pass"
SITE_URL = "http://localhost"
JOB_NAMES = {job.name for job in jobs.JOBS}
MEMORY = Path("/dev/shm")
LEAST_MEMORY = 2_000_000_000  # bytes; a run has about 300 MB of files at a time


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--shuffle", type=int, metavar="SEED", help="run modules, and the tests in each, in a random order"
    )


def pytest_configure() -> None:
    """Keep the tests' folders in memory where there is room: on a disk, SQLite and Whoosh wait at each commit.

    No example of a property is held to a deadline: how long one takes depends on what else the machine does.
    """
    settings.register_profile("run", deadline=None, max_examples=500 if IS_FULL else 30)
    settings.load_profile("run")
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK):
        is_for_programs = not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC
        if is_for_programs and shutil.disk_usage(MEMORY).free > LEAST_MEMORY:
            os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if (seed := config.getoption("--shuffle")) is not None:
        terminalreporter.write_line(f"The order was that of --shuffle {seed}.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Shuffle the modules, and the tests in each; what a module starts for its tests is still started once."""
    seed = config.getoption("--shuffle")
    if seed is None:
        return
    chance = random.Random(seed)
    by_module: dict[Path, list[pytest.Item]] = {}
    for item in items:
        by_module.setdefault(item.path, []).append(item)
    modules = list(by_module.values())
    chance.shuffle(modules)
    for module in modules:
        chance.shuffle(module)
    items[:] = chain.from_iterable(modules)


def pytest_collection_finish() -> None:
    """Keep the garbage collector from looking again and again at what was imported, which lives until the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000)


@pytest.fixture(scope="session", autouse=True)
def _made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compile templates and check pages once for all processes, and make routes and safety cards once for all applications of this one."""
    folder = str(made_once(tmp_path_factory, "templates", lambda _: None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(TEMPLATE_CODE, folder)
        patch.setattr(Flask, "jinja_options", Flask.jinja_options | {"bytecode_cache": TemplateCode(folder)})
        patch.setattr(Flask, "url_map_class", ReusedMap)
        patch.setattr(live, "in_every_language", ReusedCards())
        for remembered, name in ((passed, "passed"), (simple, "simple")):
            patch.setattr(remembered, "folder", made_once(tmp_path_factory, name, lambda _: None))
        yield


@pytest.fixture(autouse=True)
def _closed_databases() -> Iterator[None]:
    """Close what each application of a test opened: Python 3.13 warns of a connection that is left to the garbage collector."""
    engines: set[Engine] = set()

    def remember(connection: Connection) -> None:
        engines.add(connection.engine)

    event.listen(Engine, "engine_connect", remember)
    yield
    event.remove(Engine, "engine_connect", remember)
    if has_app_context():  # of an application that a whole module uses: its session still holds a connection
        db.session.remove()
    for engine in engines:
        engine.dispose()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[server.Server]:
    """A PostgreSQL server of this process's own."""
    with server.running() as running:
        yield running


@pytest.fixture
def postgresql_url(postgresql: server.Server) -> Iterator[str]:
    """The address of an empty, migrated PostgreSQL database."""
    with postgresql.database() as url:
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of the database: SQLite in the test's folder, or what a test asks for with ``tests.engines``."""
    url: str = (
        request.getfixturevalue("postgresql_url") if getattr(request, "param", "") == "postgresql" else ""
    )
    return url


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder with the tables and the twelve categories, made once and copied for each application."""

    def make(folder: Path) -> None:
        with pushed(config_in(folder)):
            create_file(db.engine)
            Base.metadata.create_all(db.engine)
            add_categories()
            db.session.commit()

    return made_once(tmp_path_factory, "seeded", make) / "instance"


@pytest.fixture(scope="session")
def starter(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the starter library, published and in the search index, made once; tests work on copies."""

    def make(folder: Path) -> None:
        shutil.copytree(seeded, folder / "instance")
        with pushed(config_in(folder)):
            import_library(STARTER, NOW)
            db.session.commit()
            indexing.catch_up()

    return made_once(tmp_path_factory, "starter", make)


@pytest.fixture(scope="session")
def ordinary(seeded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a site that has one of everything, with ordinary words in it, made once; tests work on copies."""

    def make(folder: Path) -> None:
        shutil.copytree(seeded, folder / "instance")
        with pytest.MonkeyPatch.context() as patch, pushed(config_in(folder)) as app:
            hash_cheaply(patch)
            (folder / "world").write_bytes(pickle.dumps(build(app, ordinary_words)))

    return made_once(tmp_path_factory, "ordinary", make)


@pytest.fixture
def config(tmp_path: Path, database_url: str) -> Config:
    """Settings that point into an empty folder."""
    return config_in(tmp_path, database_url)


@pytest.fixture
def app(config: Config, seeded: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """The application with empty tables, the twelve categories, and its context pushed; hashing costs little."""
    hash_cheaply(monkeypatch)
    if not config.is_postgresql:
        shutil.copytree(seeded, config.instance_path)
    with pushed(config) as app:
        if config.is_postgresql:  # its template has the tables, but no categories
            add_categories()
            db.session.commit()
        yield app
    # A job that nobody waits for at the end may still be writing into the test's folder.
    for thread in threading.enumerate():
        if thread.name in JOB_NAMES:
            thread.join(timeout=20)


@pytest.fixture
def starter_app(starter: Path, config: Config) -> Iterator[Flask]:
    """The application with the starter library, its context pushed."""
    shutil.copytree(starter, config.instance_path.parent, dirs_exist_ok=True)
    with pushed(config) as app:
        yield app


@pytest.fixture
def world(app: Flask, config: Config, request: pytest.FixtureRequest) -> World:
    """One of everything, with ordinary words in it, in the place of what the application had; nothing may be asked of it before."""
    assert not app._got_first_request, (
        "ask for the world before anything else: what was written is gone, and sign-ins with it"
    )
    if config.is_postgresql:
        return build(app, ordinary_words)
    ordinary: Path = request.getfixturevalue("ordinary")
    db.session.remove()
    db.engine.dispose()
    shutil.copytree(ordinary, config.instance_path.parent, dirs_exist_ok=True)
    world: World = pickle.loads((ordinary / "world").read_bytes())
    return world


@pytest.fixture
def client(app: Flask) -> PageClient:
    """A browser without JavaScript; it checks every page it is given."""
    return PageClient(app)


@pytest.fixture
def editor_client(app: Flask) -> PageClient:
    """A browser in which an editor is signed in."""
    client = EditorClient(app)
    add_editor()
    sign_in(client)
    return client


@pytest.fixture
def admin(client: PageClient) -> Editor:
    """An admin, signed in with ``client``."""
    editor = add_editor(role=Role.ADMIN)
    sign_in(client)
    return editor


def ordinary_words(field: str) -> str:
    return f"An ordinary {field} about spasm"


def hash_cheaply(patch: pytest.MonkeyPatch) -> None:
    """Let the hashes of passwords and codes cost little."""
    patch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    patch.setattr(second_factor, "_COST", 2)


def config_in(folder: Path, database_url: str = "") -> Config:
    """Settings that keep everything in this folder."""
    return Config.from_environ(
        {
            "DATABASE_URL": database_url,
            "INSTANCE_PATH": str(folder / "instance"),
            "SEARCH_INDEX": str(folder / "search_index"),
            "SECRET_KEY": KEY,
            "SITE_URL": SITE_URL,
        }
    )


@contextmanager
def pushed(config: Config) -> Iterator[Flask]:
    """An application on these settings, its context pushed; its connections are closed afterwards."""
    app = create_app(config)
    with app.app_context():
        share_statements(db.engine)
        try:
            yield app
        finally:
            db.session.remove()
            db.engine.dispose()
