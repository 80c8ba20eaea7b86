"""Translations: which texts each language has, and one text beside its original."""

from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Response, request, url_for

from webapp.accounts import editor_access
from webapp.accounts.editor_access import current_editor, may
from webapp.content.problems import Problem
from webapp.content.translation import MOST_MADE_BY
from webapp.db.session import db
from webapp.editor.fields import lines_in
from webapp.languages.language import Language, known_languages
from webapp.models import Answer, Article, Live, Role, TranslationState
from webapp.models.values import ArticleStatus, TextKind
from webapp.parsing import int_from, member_from
from webapp.publishing import translations
from webapp.publishing.publication import NotPublishable
from webapp.publishing.revisions import SavedMeanwhile
from webapp.publishing.saved_texts import newest_number
from webapp.publishing.translations import Standing, Typed, standing
from webapp.web import htmx
from webapp.web.errors import SiteError
from webapp.web.http import text_file
from webapp.web.pagination import Page, asked_page, existing

PAGE_SIZE = 50
_KINDS: dict[TextKind, type[Live]] = {TextKind.SUMMARY: Article, TextKind.ANSWER: Answer}
_LABELS = {
    "plain_title": "Title",
    "findings": "Key finding",
    "implications": "What it means",
    "questions": "Question for the care team",
    "limitations": "Limitation",
    "corrections": "Correction",
    "certainty_reason": "How sure, and why",
    "found": "What we found",
    "missing": "What is missing",
    "would_change": "What would change this",
    "elsewhere": "Other place",
}
_MOST = 20_000  # characters of a paragraph

bp = Blueprint("translations", __name__, url_prefix="/editor/translations")
editor_access.protect(bp, role=Role.REVIEWER)


@dataclass(frozen=True)
class TranslatedParagraph:
    """One paragraph of the page: the English, the translation, and what the checks say of it."""

    name: str
    label: str
    english: str
    text: str
    problems: list[str]
    is_new: bool  # not translated, or changed in English since


@bp.get("")
def overview() -> Response:
    """List the texts with their state in a language."""
    languages = [language for language in known_languages().values() if language.folder]
    language = known_languages().get(request.args.get("language", ""), languages[0])
    state = member_from(TranslationState, request.args.get("state"))
    every = translations.overview(language)
    found = [one for one in every if state is None or one.state is state]
    number = asked_page()
    shown = found[(number - 1) * PAGE_SIZE : number * PAGE_SIZE]
    return htmx.render(
        "editor/translations.html",
        languages=languages,
        target=language,
        states={one: sum(at.state is one for at in every) for one in TranslationState},
        state=state,
        page=existing(Page(shown, number, len(found), PAGE_SIZE)),
    )


@bp.get("/<code>/<kind>/<int:number>")
def text(code: str, kind: str, number: int) -> Response:
    """Show a text beside its translation: what has to be translated, or all of it."""
    language, at = _asked(code, kind, number)
    return _show(language, at)


@bp.post("/<code>/<kind>/<int:number>")
def save(code: str, kind: str, number: int) -> Response:
    """Save what was typed, and publish it if that was asked for."""
    is_to_publish = "publish" in request.form
    editor_access.require(Role.EDITOR if is_to_publish else Role.WRITER)
    language, at = _asked(code, kind, number)
    typed = _typed()
    too_long = next((name for name, text in typed.words.items() if len(text) > _MOST), "")
    problem = Problem(f"words-{too_long}", f"Keep a paragraph to {_MOST:,} characters.") if too_long else None
    if not typed.made_by or len(typed.made_by) > MOST_MADE_BY:
        who = f"Say in one sentence who translated this, in up to {MOST_MADE_BY} characters."
        problem = Problem("made_by", who)
    if problem:
        return _show(language, at, HTTPStatus.UNPROCESSABLE_ENTITY, problem=problem, typed=typed)
    with editor_access.writing_as(Role.WRITER) as now:
        translations.save(standing(at.live, language), typed, language, current_editor(), now)
        editor_access.discard_recovered_fields()
    done = "saved"
    if is_to_publish:
        with editor_access.writing_as(Role.EDITOR) as now:
            saved, looked_at = standing(at.live, language), "looked_at" in request.form
            translations.publish(saved, language, current_editor(), now, looked_at=looked_at)
        done = "published"
    return htmx.redirect(url_for(".text", code=code, kind=kind, number=number, done=done))


@bp.post("/<code>/<kind>/<int:number>/sign")
def sign(code: str, kind: str, number: int) -> Response:
    """Sign the translation that readers see, as somebody who compared it with the original."""
    language, at = _asked(code, kind, number)
    with editor_access.writing_as(Role.REVIEWER) as now:
        if current_editor().reviewer_kind is None:
            raise SiteError(HTTPStatus.FORBIDDEN, "Only reviewers can sign. Ask one of the admins.")
        read = int_from(request.form.get("base"))
        at = standing(at.live, language)
        translations.sign(at, -1 if read is None else read, current_editor(), now)
    return htmx.redirect(url_for(".text", code=code, kind=kind, number=number, done="signed"))


@bp.post("/<code>/<kind>/<int:number>/undo")
def undo_sign_off(code: str, kind: str, number: int) -> Response:
    """Take one's sign-off back."""
    language, at = _asked(code, kind, number)
    with editor_access.writing_as(Role.REVIEWER) as now:
        translations.undo_sign_off(standing(at.live, language), current_editor(), now)
    return htmx.redirect(url_for(".text", code=code, kind=kind, number=number))


@bp.get("/<code>/<kind>/<int:number>/file")
def as_file(code: str, kind: str, number: int) -> Response:
    """Download a translation as a file like those that come with the site."""
    _, at = _asked(code, kind, number)
    if at.newest is None:
        raise SiteError(HTTPStatus.NOT_FOUND)
    name = f"{at.live.slug}.{code}.toml"
    return text_file(translations.to_toml(at.live, at.newest), "application/toml", name)


@bp.errorhandler(NotPublishable)
def show_problems(refused: NotPublishable) -> Response:
    """It was saved, but not published: the page says why."""
    language, at = _asked(**request.view_args or {})
    return _show(language, at, HTTPStatus.UNPROCESSABLE_ENTITY, refused=refused)


@bp.errorhandler(SavedMeanwhile)
def show_newer(_: SavedMeanwhile) -> Response:
    """Nothing was saved or signed: somebody saved another text, or the original changed, in the meantime."""
    language, at = _asked(**request.view_args or {})
    typed = _typed() if request.endpoint == "translations.save" else None
    return _show(language, at, HTTPStatus.CONFLICT, typed=typed)


def _asked(code: str, kind: str, number: int) -> tuple[Language, Standing]:
    """The language and the text of an address; raises SiteError 404."""
    language, text_kind = known_languages().get(code), member_from(TextKind, kind)
    live = db.session.get(_KINDS[text_kind], number) if text_kind else None
    if language is None or language.folder is None or not isinstance(live, Article | Answer):
        raise SiteError(HTTPStatus.NOT_FOUND)
    if live.status is not ArticleStatus.PUBLISHED:
        raise SiteError(HTTPStatus.NOT_FOUND)
    return language, standing(live, language)


def _typed() -> Typed:
    fields = editor_access.recovered_fields() or request.form
    return Typed(
        base=int_from(fields.get("base")) or 0,
        words={
            name.removeprefix("words-"): " ".join(text.split())
            for name, text in fields.items()
            if name.startswith("words-")
        },
        still_right=fields.getlist("still_right"),
        phrasings=lines_in(fields.get("phrasings")),
        made_by=" ".join(fields.get("made_by", "").split()),
    )


def _show(
    language: Language,
    at: Standing,
    status: int = HTTPStatus.OK,
    *,
    problem: Problem | None = None,
    refused: NotPublishable | None = None,
    typed: Typed | None = None,
) -> Response:
    if typed is None and editor_access.recovered_fields():
        typed = _typed()
    paragraphs = _paragraphs(language, at, typed)
    wants_all = "all" in request.args or not may(Role.WRITER)
    shown = [one for one in paragraphs if wants_all or one.is_new or one.problems]
    newest = at.newest
    return htmx.render(
        "editor/translation.html",
        status=status,
        target=language,
        at=at,
        kind=at.live.kind,
        base=newest_number(at.saved),
        paragraphs=shown or paragraphs,
        is_all=not shown or len(shown) == len(paragraphs),
        made_by=typed.made_by if typed else newest.made_by if newest else "",
        phrasings="\n".join(typed.phrasings if typed else newest.phrasings if newest else []),
        problem=problem,
        refused=refused,
        is_behind=status == HTTPStatus.CONFLICT,
        done=request.args.get("done", ""),
        may_write=may(Role.WRITER),
        may_publish=may(Role.EDITOR),
        may_sign=at.state is TranslationState.UNCHECKED and current_editor().reviewer_kind is not None,
    )


def _paragraphs(language: Language, at: Standing, typed: Typed | None) -> list[TranslatedParagraph]:
    english, shown = at.english, at.translated.shown(at.english)
    if typed:
        shown |= {name: text for name, text in typed.words.items() if name in english}
    by_name: dict[str, list[str]] = {}
    for problem in (one for found in translations.problems(at.live, shown, language) for one in found):
        if shown.get(problem.field):
            said = f"{problem.message} “{problem.sentence}”" if problem.sentence else problem.message
            by_name.setdefault(problem.field, []).append(said)
    is_new, paragraphs = set(at.to_translate), []
    for name, text in english.items():
        field, *rest = name.split("-")
        label = _LABELS.get(field, field.replace("_", " ").capitalize())
        if rest:  # as people call it: "Key finding 2"
            part = "" if rest[1:] in ([], ["text"], ["name"]) else f", {rest[1]}"
            label = f"{label} {int(rest[0]) + 1}{part}"
        problems = by_name.get(name, [])
        paragraphs.append(
            TranslatedParagraph(name, label, text, shown.get(name, ""), problems, name in is_new)
        )
    return paragraphs
