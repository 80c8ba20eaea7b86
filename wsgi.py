"""What gunicorn loads: ``gunicorn -c python:webapp.gunicorn_conf wsgi:app``."""

import sys

from webapp import create_app
from webapp.config import Config, ConfigError
from webapp.safety.cards import SafetyFileError
from webapp.web import logs

try:
    config = Config.from_environ()
    logs.set_up(config.log_level)
    app = create_app(config)
except ConfigError as error:
    sys.exit(f"The settings cannot be used. {error}")
except SafetyFileError as error:
    sys.exit(f"The safety cards cannot be used. {error}")
