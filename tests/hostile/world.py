"""A small site in which every address leads somewhere, and any text may stand in every field."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import flask_migrate
import msgspec
from flask import Flask
from werkzeug.routing import Rule

from tests.accounts.people import add_editor
from tests.factories import answer_content, change_settings, content, publish
from tests.newsletter.steps import subscribed
from webapp.accounts import mailed_links
from webapp.catalog.site_pages import LINE_MOST, SitePage
from webapp.catalog.word_list import WordEntry
from webapp.content.answer_content import AnswerContent
from webapp.content.article_content import ArticleContent, CorrectionContent
from webapp.content.logos import Logo
from webapp.content.translation import words_of
from webapp.db.session import db
from webapp.feedback import inbox, votes
from webapp.letters import emails
from webapp.models import (
    Frequency,
    GlossaryTerm,
    Opinion,
    PartReview,
    Review,
    Role,
    Topic,
    Translation,
    Watch,
    WatchSource,
)
from webapp.models.people import People
from webapp.models.values import (
    Author,
    Claim,
    Finding,
    Implication,
    LaterEvent,
    PaperStatus,
    Place,
    Registration,
    ReviewerKind,
    TextKind,
)
from webapp.newsletter import digests
from webapp.papers import candidates, rating
from webapp.papers.listings import Listed
from webapp.papers.records import Record
from webapp.publishing import reviews, revisions, safety_cards, site_pages
from webapp.publishing.publication import make_public, withdraw
from webapp.publishing.words import WORD_MOST, WordChanges
from webapp.search import indexing
from webapp.web import assets, tokens
from webapp.web.site_settings import TEXT_MOST

LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><path d="M0 0h8v8z"/></svg>'
Say = Callable[[str], str]  # the text for a field, given its name
EMAIL = "ana@example.org"
# Not free text: fixed lists, addresses of our own, dates.
FIXED = (
    "slug",
    "categories",
    "subject",
    "about_sci",
    "study_kind",
    "result",
    "published_on",
    "shows_dysreflexia_help",
)


@dataclass(frozen=True)
class World:
    """What addresses are made of."""

    values: dict[str, object]
    by_endpoint: dict[str, dict[str, object]] = field(default_factory=dict)

    def address(self, app: Flask, rule: Rule) -> str:
        """An address that the rule fits and, where there can be one, that leads somewhere."""
        values = self.values | self.by_endpoint.get(rule.endpoint, {})
        used = {name: values[name] for name in rule.arguments}
        return app.url_map.bind("localhost").build(rule.endpoint, used, append_unknown=False)

    def pages(self, app: Flask) -> Iterator[str]:
        """The address of every page: what is read by GET."""
        for rule in app.url_map.iter_rules():
            if "GET" in (rule.methods or ()):
                yield self.address(app, rule)


def everything(say: Say, **changes: Any) -> ArticleContent:
    """What an article says, with ``say`` in every field of free text."""
    whole = content(**changes)
    texts = {
        name: say(name)
        for name in ArticleContent.__struct_fields__
        if isinstance(getattr(whole, name), str) and name not in FIXED
    }
    group = re.sub("[:;]", " ", say("counts"))
    paper = msgspec.structs.replace(
        whole.paper,
        **{name: say(f"paper.{name}") for name in ("title", "journal", "abstract", "license", "status_note")}
        | {name: say(f"paper.{name}")[:30] for name in ("volume", "issue", "pages")},
        authors=[Author(family=say("author.family"), given=say("author.given"))],
        mesh_terms=[say("paper.mesh_terms")],
        status=PaperStatus.CONCERN,
        status_on=date(2026, 1, 2),
    )
    return msgspec.structs.replace(
        whole,
        **texts | {"species": texts["species"][:80]},
        people=People(levels=["C5"], count=18, said_in={"levels": say("people.said_in")}),
        registrations=[
            Registration(
                number=say("registration.number")[:80],
                register=say("registration.register"),
                url="https://example.org/trial",
            )
        ],
        since_then=[
            LaterEvent(on="2025-03", text=say("event"), doi="10.5555/since.then", source=say("source"))
        ],
        limitations=[say("limitation"), say("limitation")],
        questions=[say("question")],
        findings=[
            Finding(
                text=say("finding"),
                place=say("place"),
                quote=say("paper.abstract"),
                counts=f"{group}: 1 of 2; old: 2 of 3",
            ),
            Finding(text=say("finding"), place=say("place")),
        ],
        implications=[Implication(title=say("implication.title"), text=say("implication.text"))],
        corrections=[CorrectionContent(published_on=date(2026, 1, 3), text=say("correction"))],
        paper=paper,
    )


def hostile_answer(say: Say, cited: str) -> AnswerContent:
    """What an answer says, in every field that takes any text."""
    return answer_content(
        cited,
        question=say("answer.question"),
        phrasings=[f"{say('phrasing')} {number}" for number in range(5)],
        verdict=say("verdict"),
        certainty_reason=say("certainty_reason"),
        found=[Claim(text=say("claim"), rests_on=[cited]) for _ in range(3)],
        missing=[say("missing")],
        would_change=[say("would_change")],
        questions=[say("answer.questions")],
        elsewhere=[Place(name=say("place.name"), url="https://example.org/pain")],
        written_by=say("written_by"),
    )


def build(app: Flask, say: Say) -> World:
    """Fill the site with one of everything. Its admin is ``EMAIL``."""
    now = datetime.now(UTC)
    flask_migrate.stamp()  # the tables are those of the models; readiness looks for the migration
    ana = add_editor(say("editor.name")[:120], EMAIL, Role.ADMIN)
    db.session.add(GlossaryTerm(slug="a-word", term="spasm", forms=["spasm"], meaning=say("meaning")))
    article = publish(everything(say), now - timedelta(hours=1), note=say("version.note"))
    article = publish(
        everything(say, slug=article.slug, paper={"doi": article.paper.doi}),
        now,
        article,
        say("version.note"),
    )
    gone = publish(everything(say), now)
    withdraw(gone, say("withdrawn_note"), now)
    db.session.flush()
    draft = revisions.save(revisions.new_draft(), everything(say, slug=""), 0, ana.id, now)
    revisions.save(draft, everything(say, slug="", harms=say("harms") + "."), 1, ana.id, now)
    votes.vote(article, "192.0.2.1", False, now)
    votes.add_note(article, "192.0.2.1", say("note"), [], now)
    message = inbox.send(
        Topic.MISTAKE,
        say("message"),
        "news@localhost",
        now,
        email="m@example.org",
        name=say("name")[:120],
        about=article,
    )
    reader = subscribed("reader@example.org", now, consent_page=say("consent_page"))
    issue = digests.make_issue(Frequency.WEEKLY, now)
    review = Review(
        draft=revisions.draft_of(article_id=article.id),
        revision_number=article.revision_number,
        kind=ReviewerKind.CLINICIAN,
        name=say("reviewer.name")[:120],
        role=say("reviewer.role")[:120],
        email="lee@example.org",
        reviewer=ana,
        asked_by=ana,
        question=say("question"),
        asked_at=now,
    )
    db.session.add(review)
    parts = [PartReview("harms", Opinion.CHANGE, say("comment")), PartReview("findings", Opinion.AGREE)]
    reviews.answer(review, parts, now, signs=True)
    unanswered = Review(draft=review.draft, revision_number=1, kind=review.kind, name=review.name, email=review.email,
                        question=review.question, reviewer=ana, asked_by=ana, asked_at=now)  # fmt: skip
    db.session.add(unanswered)
    of_answer = revisions.save(
        revisions.new_draft(kind=TextKind.ANSWER), hostile_answer(say, article.slug), 0, ana.id, now
    )
    # No check would let such texts through.
    answer = make_public(of_answer, revisions.get_revision(of_answer, 1), now)
    burn = msgspec.structs.replace(
        safety_cards.get_card("burn"), note=say("safety.note"), signs=(say("sign"),)
    )
    safety_cards.save(burn, 0, ana, now)
    listed = Listed(Record(content=everything(say, paper={"doi": "10.5555/listed", "pmid": "77"})))
    candidates.add([rating.guess(listed)], "PubMed", rating.Library(), now)
    db.session.add(
        Watch(
            name=say("watch.name")[:120],
            source=WatchSource.PUBMED,
            query=say("query"),
            every_hours=24,
            problem=say("problem"),
        )
    )
    one = {name: say(name)[:WORD_MOST].strip() for name in ("word", "plain", "lay")}
    entry = WordEntry(
        word=one["word"], meaning=say("meaning")[:TEXT_MOST], plain=one["plain"], lay=(one["lay"],)
    )
    WordChanges(ana, now).save("a-word", entry, 0)
    db.session.commit()
    one_line = {name: " ".join(say(name).split())[:60] for name in ("name", "strapline", "short_name")}
    change_settings(
        **one_line | {"short_name": one_line["short_name"][:16].strip()},
        **{name: say(name)[:TEXT_MOST] for name in ("welcome", "mission", "run_by")},
        logo=Logo("svg", LOGO),
    )
    title, lede = (say(name)[:LINE_MOST].strip() for name in ("title", "lede"))
    said = "\n".join(f"{start}{say('text')}" for start in ("## ", "- ", "! ", "? ", "**", "[a](", "{"))
    page = SitePage(title=title, description=title, lede=lede, text=said, origin=lede, sources=(lede,))
    site_pages.save("about", page, 0, ana, now)
    words = {name: say("translation") for name in words_of(article)}
    language = {"language": "es", "number": 1, "saved_at": now, "made_by": say("made_by"), "phrasings": []}
    db.session.add(
        Translation(article_id=article.id, words=words, made_from={}, is_published=True, **language)
    )
    db.session.commit()
    indexing.catch_up()
    values: dict[str, object] = {
        "slug": article.slug, "card_id": "burn", "article_id": article.id, "answer_id": answer.id, "draft_id": draft.id, "number": 1, "changed": 1, "place": "research",
        "frequency": "weekly", "ending": "ris", "kind": "reset", "token": "x", "secret": "x", "hash_": assets.get_asset("js/site.js").hash,
        "name": "js/site.js", "text_id": 1, "review_id": unanswered.id, "mark": Logo("svg", LOGO).mark,
    }  # fmt: skip
    personal: dict[str, object] = {"token": tokens.sign(emails.PREFERENCES, reader.key)}
    own_pages = ("preferences", "save_preferences", "my_data", "erase", "erase_now")
    by_endpoint: dict[str, dict[str, object]] = {
        "articles.category": {"slug": "pain-management"},
        "answers.answer": {"slug": answer.slug},
        "answers.history": {"slug": answer.slug},
        "exports.answer_card": {"slug": answer.slug},
        "exports.category_feed": {"slug": "pain-management"},
        "pages.glossary_term": {"slug": "a-word"},
        "newsletter.unsubscribe": {"token": tokens.sign(emails.UNSUBSCRIBE, reader.key)},
        **{f"words.{name}": {"slug": "a-word"} for name in ("edit", "save", "delete", "changes")},
        **{
            f"site_pages.{name}": {"name": "about"}
            for name in ("edit", "save", "as_file", "open_file", "changes")
        },
        **{f"categories.{name}": {"slug": "pain-management"} for name in ("edit", "save", "move", "merge")},
        "pages.site_logo": {"ending": "svg"},
        "visit_pack.short_link": {"number": article.id},
        "newsletter.issue": {"number": issue.id},
        "exports.data_file": {"ending": "csv"},
        "accounts.enter_code": {"kind": "code"},
        "accounts.check_code": {"kind": "code"},
        "editor_feedback.mark_done": {"kind": "messages", "number": message.id},
        "editor_feedback.undo": {"kind": "messages", "number": message.id},
        **{
            f"translations.{name}": {"code": "es", "kind": "summary", "number": article.id}
            for name in ("text", "save", "sign", "undo_sign_off", "as_file")
        },
        "accounts.stop_digest": {"token": mailed_links.digest_token(ana)},
        "accounts.stop_digest_now": {"token": mailed_links.digest_token(ana)},
        "reviews.by_link": {"token": reviews.link_token(unanswered)},
        "reviews.send_by_link": {"token": reviews.link_token(review)},
        "reviews.undo_by_link": {"token": reviews.link_token(unanswered)},
        "people.person": {"number": ana.id},
        **{f"fact_sheet.{button}": {"name": "harms"} for button in ("confirm", "change", "not_stated")},
    }
    return World(values, by_endpoint | {f"newsletter.{name}": personal for name in own_pages})
