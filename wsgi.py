"""What gunicorn loads: ``gunicorn -c python:webapp.gunicorn_conf wsgi:app``."""

from webapp import create_app
from webapp.config import Config
from webapp.web import logs

config = Config.from_environ()
logs.set_up(config.log_level)
app = create_app(config)
