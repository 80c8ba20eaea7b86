"""A site of plain-language summaries of spinal cord injury research."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import cli
from webapp.accounts import people_views as people
from webapp.accounts import reset_views as reset
from webapp.accounts import second_factor_views as second_factor
from webapp.accounts import views as accounts
from webapp.accounts.editor_access import csrf
from webapp.answers import views as answers
from webapp.articles import profile_views as profile
from webapp.articles import views as articles
from webapp.catalog import site_pages
from webapp.config import ROOT, Config
from webapp.db import engine
from webapp.db.session import db as db
from webapp.db.session import migrate
from webapp.editor import ai_draft_views as ai_draft
from webapp.editor import authoring_views as authoring
from webapp.editor import bulk_views as bulk
from webapp.editor import categories_views as categories
from webapp.editor import dashboard_views as dashboard
from webapp.editor import fact_sheet_views as fact_sheet
from webapp.editor import pages_views as pages_desk
from webapp.editor import papers_views as papers
from webapp.editor import publish_views as publish_sheet
from webapp.editor import review_views as reviews
from webapp.editor import safety_views as safety_desk
from webapp.editor import settings_views as settings
from webapp.editor import translation_views as translations
from webapp.editor import triage_views as triage
from webapp.editor import views as editor
from webapp.editor import words_views as words
from webapp.editor import work_views as work
from webapp.exports import views as exports
from webapp.feedback import editor_views as editor_feedback
from webapp.feedback import views as feedback
from webapp.newsletter import editor_views as editor_newsletter
from webapp.newsletter import next_issue_views as next_issue
from webapp.newsletter import views as newsletter
from webapp.operations import views as operations
from webapp.pages import views as pages
from webapp.parsing import learn_structs
from webapp.safety import live as safety_cards
from webapp.safety import views as safety
from webapp.search import index as search_index
from webapp.search import misses
from webapp.search import views as search
from webapp.visit_pack import views as visit_pack
from webapp.web import (
    assets,
    errors,
    http,
    metrics,
    page_cache,
    page_views,
    site_settings,
    telemetry,
    templating,
)


def create_app(config: Config | None = None) -> Flask:
    """The WSGI application; raises ConfigError when a setting cannot be used, SafetyFileError when the safety cards cannot."""
    config = config or Config.from_environ()
    app = Flask(
        "webapp",
        root_path=str(ROOT / "webapp"),
        instance_path=str(config.instance_path),
        static_folder=None,
        template_folder=str(ROOT / "templates"),
    )
    app.config.from_mapping(_flask_settings(config))
    app.extensions["config"] = config

    telemetry.report_errors(config)
    http.init_app(app, config)
    telemetry.trace_requests(app, config)
    metrics.init_app(app, config)
    page_views.init_app(app)
    site_settings.init_app(app)
    templating.init_app(app, config)
    engine.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "webapp" / "migrations"))
    csrf.init_app(app)
    errors.init_app(app)
    search_index.init_app(app, config)
    misses.init_app(app)
    safety_cards.init_app(app, config)
    site_pages.prepare()
    learn_structs()
    cli.init_app(app)

    for_readers = pages, articles, profile, answers, exports, safety, search, feedback, newsletter, visit_pack
    for_editors = (
        work,
        editor,
        authoring,
        publish_sheet,
        fact_sheet,
        ai_draft,
        dashboard,
        bulk,
        papers,
        triage,
        reviews,
        safety_desk,
        settings,
        pages_desk,
        translations,
        categories,
        words,
        editor_feedback,
        editor_newsletter,
        next_issue,
    )
    for views in (*for_readers, *for_editors, accounts, second_factor, reset, people, operations, assets):
        app.register_blueprint(views.bp)
    page_cache.init_app(app, config)
    if config.trusted_proxies:
        # Each proxy adds to X-Forwarded-For, but the last one says alone which host and scheme were asked for.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.trusted_proxies, x_host=1)  # type: ignore[method-assign]
    return app


def _flask_settings(config: Config) -> dict[str, object]:
    *fallbacks, key = config.signing_keys()
    return {
        "SECRET_KEY": key,
        "SECRET_KEY_FALLBACKS": fallbacks,
        **engine.settings(config),
        "SITE_URL": config.site_url,
        "MAX_CONTENT_LENGTH": 1_000_000,
        "MAX_FORM_MEMORY_SIZE": 1_000_000,
        "MAX_FORM_PARTS": 200,
        "WTF_CSRF_CHECK_DEFAULT": False,  # only the editor has sessions; it calls csrf.protect() itself
        "WTF_CSRF_TIME_LIMIT": None,
    }
