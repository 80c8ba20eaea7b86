"""Tables, and the fixed lists and value objects kept in them."""

from webapp.models.article import Article, ArticleSlug, Correction, Draft, Revision, SearchMarker
from webapp.models.category import ArticleCategory, Category, GlossaryTerm
from webapp.models.editor import Editor, Role, SignIn
from webapp.models.feedback import ContactMessage, DailySalt, Feedback
from webapp.models.newsletter import MailState, OutboxMessage, Subscriber, SubscriberState
from webapp.models.paper import Paper
from webapp.models.throttle import Attempt

__all__ = [
    "Article",
    "ArticleCategory",
    "ArticleSlug",
    "Attempt",
    "Category",
    "ContactMessage",
    "Correction",
    "DailySalt",
    "Draft",
    "Editor",
    "Feedback",
    "GlossaryTerm",
    "MailState",
    "OutboxMessage",
    "Paper",
    "Revision",
    "Role",
    "SearchMarker",
    "SignIn",
    "Subscriber",
    "SubscriberState",
]
