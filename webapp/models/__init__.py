"""Tables, and the fixed lists and value objects stored in them."""

from webapp.db.change_log import ChangeKind, PublicChange
from webapp.models.account import AuditEntry, AuditKind, RecoveryCode
from webapp.models.article import (
    Article,
    ArticleSlug,
    Correction,
    Draft,
    Revision,
)
from webapp.models.category import ArticleCategory, Category, GlossaryTerm
from webapp.models.editor import (
    Autosave,
    BulkChange,
    Editor,
    RecoverableForm,
    Role,
    Schedule,
    SecondFactor,
    SignIn,
)
from webapp.models.feedback import ContactMessage, DailySalt, Feedback, Reason, Topic, Understanding
from webapp.models.newsletter import (
    BounceKind,
    Frequency,
    Issue,
    IssueArticle,
    MailKind,
    MailState,
    MessageArticle,
    OutboxMessage,
    Subscriber,
    SubscriberState,
    Suppression,
    SuppressionReason,
)
from webapp.models.paper import Paper
from webapp.models.search import SearchMiss
from webapp.models.throttle import Attempt

__all__ = [
    "Article",
    "ArticleCategory",
    "ArticleSlug",
    "Attempt",
    "AuditEntry",
    "AuditKind",
    "Autosave",
    "BounceKind",
    "BulkChange",
    "Category",
    "ChangeKind",
    "ContactMessage",
    "Correction",
    "DailySalt",
    "Draft",
    "Editor",
    "Feedback",
    "Frequency",
    "GlossaryTerm",
    "Issue",
    "IssueArticle",
    "MailKind",
    "MailState",
    "MessageArticle",
    "OutboxMessage",
    "Paper",
    "PublicChange",
    "Reason",
    "RecoverableForm",
    "RecoveryCode",
    "Revision",
    "Role",
    "Schedule",
    "SearchMiss",
    "SecondFactor",
    "SignIn",
    "Subscriber",
    "SubscriberState",
    "Suppression",
    "SuppressionReason",
    "Topic",
    "Understanding",
]
