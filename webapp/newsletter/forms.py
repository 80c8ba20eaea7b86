"""The newsletter's forms."""

from flask import request
from wtforms import (
    BooleanField,
    EmailField,
    RadioField,
    SelectMultipleField,
    StringField,
    ValidationError,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from webapp.catalog.queries import category_counts
from webapp.languages.language import gettext_noop
from webapp.models import Frequency
from webapp.search import followed
from webapp.search.query import SearchQuery
from webapp.web.forms import PublicForm, mail_address

ADDRESS_LENGTH = 254  # RFC 5321 leaves that much for a whole address


def topic_choices() -> list[SelectChoice]:
    """The site's categories as choices of a form."""
    return [SelectChoice(row.category.slug, row.category.name) for row in category_counts()]


TOPICS = SelectMultipleField(
    gettext_noop("Topics"),
    name="topics[]",
    id="topics",
    choices=topic_choices,
    widget=ListWidget(prefix_label=False),
    option_widget=CheckboxInput(),
)


class AddressForm(PublicForm):
    email = EmailField(
        gettext_noop("Your email address"),
        [
            InputRequired(gettext_noop("Enter your email address, like name@example.org")),
            Length(
                max=ADDRESS_LENGTH, message=gettext_noop("Enter an email address of at most 254 characters")
            ),
            mail_address,
        ],
    )


class SubscribeForm(AddressForm):
    topics = TOPICS


class FollowForm(AddressForm):
    """The search is in the fields of the search page: its words can be changed here, its filters are hidden."""

    q = StringField(gettext_noop("Words to look for"))

    @property
    def search(self) -> SearchQuery:
        return SearchQuery.from_args(request.values)

    def validate_q(self, _field: StringField) -> None:
        if not followed.stored(self.search):
            raise ValidationError(gettext_noop("Enter words to look for, like bladder infections"))


class PreferencesForm(PublicForm):
    topics = TOPICS
    searches_only = BooleanField(gettext_noop("Only what matches my searches, no topics"))
    frequency = RadioField(
        gettext_noop("How often?"), choices=[SelectChoice(choice.value, choice.label) for choice in Frequency]
    )

    def validate_searches_only(self, field: BooleanField) -> None:
        if field.data and self.topics.data:
            raise ValidationError(gettext_noop("Choose topics, or only your searches"))
