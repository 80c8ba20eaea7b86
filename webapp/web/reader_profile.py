"""The reader's profile of a request ("people like me"): in a form, or in the address where the browser runs no scripts.

It is stored nowhere, and no answer to it is cached or indexed (``http.py``).
"""

from flask import request

from webapp.content.people_like_me import Comparison, Fit, Profile, compare
from webapp.models import Article
from webapp.web.http import PROFILE


def asked_profile() -> Profile | None:
    """The profile that came with the request; None if there is none, or none that can be read."""
    return Profile.from_code(request.values.get(PROFILE, ""))


def compare_with_reader(article: Article) -> Comparison | None:
    """How the people in a study compare with the profile of the request, if it has one."""
    profile = asked_profile()
    return compare(profile, article) if profile else None


def profile_in_address() -> str | None:
    """The code of the profile in the address: without scripts, the links of a page must carry it on."""
    code = request.args.get(PROFILE, "")
    return code if Profile.from_code(code) else None


def profile_query() -> str:
    """What the address of a summary ends in, so that its page has the profile as well."""
    code = profile_in_address()
    return f"?{PROFILE}={code}" if code else ""


def only_included() -> bool:
    """Are only studies asked for that included people like the reader?"""
    return request.args.get("people") == Fit.INCLUDED
