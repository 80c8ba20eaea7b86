"""The Flask extensions as bare objects: bound to an application in create_app, imported from anywhere below it."""

from typing import Any

from flask import g, has_request_context
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from flask_wtf import CSRFProtect
from sqlalchemy import Connection, Engine, MetaData
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """Every table's base class; constraints get predictable names so that migrations can address them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class RoutedSession(Session):
    """Reads from ``g.reading_engine`` where a request was given one (see ``replica``), unless it is going to write."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Engine | Connection:
        if has_request_context() and "reading_engine" in g and "may_write" not in g:
            engine: Engine = g.reading_engine
            return engine
        return super().get_bind(*args, **kwargs)


db = SQLAlchemy(metadata=Base.metadata, session_options={"class_": RoutedSession})
migrate = Migrate(render_as_batch=True, compare_type=True)
csrf = CSRFProtect()
