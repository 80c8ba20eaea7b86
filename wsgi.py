"""What gunicorn loads: ``gunicorn -c python:webapp.gunicorn_conf wsgi:app``."""

from webapp import create_app, logs
from webapp.config import Config

config = Config.from_environ()
logs.set_up(config.log_level)
app = create_app(config)
