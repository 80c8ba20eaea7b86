"""What every process of a site would make anew at its start: imported once, by the process of which they are forks."""

import gc
import os

from flask import Flask
from sqlalchemy.orm import configure_mappers

from tests.compiled import TEMPLATE_CODE, TemplateCode
from webapp.config import Config
from webapp.safety import cards, live
from webapp.search import synonyms

if folder := os.environ.get(TEMPLATE_CODE):
    Flask.jinja_options |= {"bytecode_cache": TemplateCode(folder)}
configure_mappers()
synonyms.table().prepare()
live.in_every_language(cards.read(cards.FILE, Config.from_environ({}).emergency_countries))
gc.collect()
gc.freeze()
