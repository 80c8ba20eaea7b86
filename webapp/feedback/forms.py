"""The forms for readers: a note to a vote, a mistake in an article, a message to the editors."""

from wtforms import RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import EmailField, SelectChoice
from wtforms.validators import AnyOf, InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.languages.language import gettext_noop
from webapp.models import Reason, Topic
from webapp.web.forms import PublicForm, mail_address, one_line

NOTE_LENGTH = 1000
MESSAGE_LENGTH = 5000
ADDRESS_LENGTH = 254
CONTACT_TOPICS = [topic for topic in Topic if topic is not Topic.MISTAKE]


class NoteForm(PublicForm):
    """An optional note to a vote, and reasons after "No"."""

    reasons = SelectMultipleField(
        gettext_noop("What was the problem?"),
        name="reasons[]",  # several controls of one name: "[]" says that it is meant
        id="reasons",
        choices=[SelectChoice(reason.value, reason.label) for reason in Reason],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    note = TextAreaField(
        gettext_noop("What helped, or what was hard to follow?"),
        [Length(max=NOTE_LENGTH, message=gettext_noop("Please shorten your note to 1,000 characters"))],
    )


class ReportForm(PublicForm):
    message = TextAreaField(
        gettext_noop("What is wrong?"),
        [
            InputRequired(gettext_noop("Tell us what is wrong, and where you saw it")),
            Length(
                max=MESSAGE_LENGTH, message=gettext_noop("Please shorten your message to 5,000 characters")
            ),
        ],
    )
    email = EmailField(
        gettext_noop("Your email address"),
        [
            Optional(),
            Length(max=ADDRESS_LENGTH, message=gettext_noop("Enter a shorter email address")),
            mail_address,
        ],
    )


class ContactForm(PublicForm):
    topic = RadioField(
        gettext_noop("What is it about?"),
        [
            AnyOf(
                [topic.value for topic in CONTACT_TOPICS],
                message=gettext_noop("Choose what your message is about"),
            )
        ],
        choices=[SelectChoice(topic.value, topic.label) for topic in CONTACT_TOPICS],
        validate_choice=False,
    )
    name = StringField(
        gettext_noop("Your name"),
        [Length(max=120, message=gettext_noop("Please shorten the name to 120 characters")), one_line],
    )
    email = EmailField(
        gettext_noop("Your email address"),
        [
            InputRequired(gettext_noop("Enter your email address, like name@example.org")),
            Length(max=ADDRESS_LENGTH, message=gettext_noop("Enter a shorter email address")),
            mail_address,
        ],
    )
    message = TextAreaField(
        gettext_noop("Your message"),
        [
            InputRequired(gettext_noop("Write your message")),
            Length(
                max=MESSAGE_LENGTH, message=gettext_noop("Please shorten your message to 5,000 characters")
            ),
        ],
    )
