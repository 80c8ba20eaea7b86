"""Tables, the fixed lists and value objects stored in them, and counts and dates in words."""

from webapp.db.change_log import ChangeKind, PublicChange
from webapp.models.answer import Answer, AnswerCitation, AnswerSlug
from webapp.models.article import AdoptedPage, Article, ArticleSlug, Correction, Draft, Live, Paper, Revision
from webapp.models.category import ArticleCategory, Category, GlossaryTerm
from webapp.models.counts import Attempt, DailyViews, SearchMiss
from webapp.models.drafting import (
    CELL,
    AiConfirmation,
    AiDraft,
    Assignment,
    DraftComment,
    Fact,
    FoundBy,
    PaperPart,
    PaperSection,
    StoredText,
)
from webapp.models.editor import (
    AuditEntry,
    AuditKind,
    Autosave,
    BulkChange,
    Editor,
    Passkey,
    RecoverableForm,
    RecoveryCode,
    Role,
    Schedule,
    SecondFactor,
    SignIn,
)
from webapp.models.feedback import (
    AnswerFeedback,
    ContactMessage,
    DailySalt,
    Feedback,
    Reason,
    Topic,
    Understanding,
)
from webapp.models.newsletter import (
    MOST_SEARCHES,
    BounceKind,
    Frequency,
    Issue,
    IssueArticle,
    IssueContent,
    IssueDraft,
    IssueWords,
    MailKind,
    MailState,
    MessageAnswer,
    MessageArticle,
    OutboxMessage,
    Subscriber,
    SubscriberState,
    Suppression,
    SuppressionReason,
)
from webapp.models.review import Opinion, PartReview, Review, SafetyReview
from webapp.models.saved_text import (
    SafetyRevision,
    SafetySignOff,
    SavedText,
    SitePart,
    SiteText,
    Translation,
    TranslationState,
)
from webapp.models.watch import (
    Candidate,
    CandidateIdentifier,
    CandidateReason,
    CandidateState,
    ReasonKind,
    Watch,
    WatchSource,
)
