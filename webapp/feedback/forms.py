"""The forms for readers: a note to a vote, a mistake in an article, a message to the editors."""

from wtforms import RadioField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import EmailField, SelectChoice
from wtforms.validators import AnyOf, InputRequired, Length, Optional
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.models import Reason, Topic
from webapp.web.forms import PublicForm, mail_address, one_line

NOTE_LENGTH = 1000
MESSAGE_LENGTH = 5000
ADDRESS_LENGTH = 254
CONTACT_TOPICS = [topic for topic in Topic if topic is not Topic.MISTAKE]


class NoteForm(PublicForm):
    """An optional note to a vote, and reasons after "No"."""

    reasons = SelectMultipleField(
        "What was the problem?",
        name="reasons[]",  # several controls of one name: "[]" says that it is meant
        id="reasons",
        choices=[SelectChoice(reason.value, reason.label) for reason in Reason],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    note = TextAreaField(
        "What helped, or what was hard to follow?",
        [Length(max=NOTE_LENGTH, message="Please shorten your note to 1,000 characters")],
    )


class ReportForm(PublicForm):
    message = TextAreaField(
        "What is wrong?",
        [
            InputRequired("Tell us what is wrong, and where you saw it"),
            Length(max=MESSAGE_LENGTH, message="Please shorten your message to 5,000 characters"),
        ],
    )
    email = EmailField(
        "Your email address",
        [Optional(), Length(max=ADDRESS_LENGTH, message="Enter a shorter email address"), mail_address],
    )


class ContactForm(PublicForm):
    topic = RadioField(
        "What is it about?",
        [AnyOf([topic.value for topic in CONTACT_TOPICS], message="Choose what your message is about")],
        choices=[SelectChoice(topic.value, topic.label) for topic in CONTACT_TOPICS],
        validate_choice=False,
    )
    name = StringField(
        "Your name", [Length(max=120, message="Please shorten the name to 120 characters"), one_line]
    )
    email = EmailField(
        "Your email address",
        [
            InputRequired("Enter your email address, like name@example.org"),
            Length(max=ADDRESS_LENGTH, message="Enter a shorter email address"),
            mail_address,
        ],
    )
    message = TextAreaField(
        "Your message",
        [
            InputRequired("Write your message"),
            Length(max=MESSAGE_LENGTH, message="Please shorten your message to 5,000 characters"),
        ],
    )
