"""The search page as a visitor meets it."""

import re
from threading import Event
from urllib.parse import unquote_plus
from xml.etree import ElementTree

import msgspec
import pytest

from tests.engines import both_engines
from tests.factories import NOW, add_answer, add_article, publish
from tests.pages import PageClient
from tests.search.conftest import Adds
from webapp import jobs
from webapp.config import Config
from webapp.db.session import db
from webapp.models import Answer, Draft, SearchMiss
from webapp.models.values import PaperStatus, Result, StudyKind, Subject
from webapp.publishing.publication import content_of, withdraw
from webapp.search import indexing

pytestmark = both_engines

ATOM = "{http://www.w3.org/2005/Atom}"


def slugs(text: str) -> list[str]:
    """The articles that a page lists, in order."""
    return re.findall(r'href="/research/([a-z0-9-]+)"', text)


def links_of_searches(text: str) -> list[str]:
    """The searches that a page offers as chips."""
    return [unquote_plus(query) for query in re.findall(r'class="chip" href="/search\?q=([^"&]+)"', text)]


@pytest.mark.parametrize(
    "text",
    [
        "10.5555/found.1",
        "https://doi.org/10.5555/FOUND.1?utm_source=mail",
        "doi:10.5555/found.1",
        "https://pubmed.ncbi.nlm.nih.gov/31234567/",
        "PMID 31234567",
        "pmid:31234567",
    ],
)
def test_a_paper_is_found_by_its_identifier_and_by_its_address(
    client: PageClient, add: Adds, text: str
) -> None:
    right = add(paper={"doi": "10.5555/found.1", "pmid": "31234567"})
    add(research_summary="See https://doi.org/ and pubmed for the DOI or PMID.")
    page = client.get("/search", query_string={"q": text}).text
    assert right.slug in slugs(page) and "1 summary for" in page


def test_an_article_is_found_by_a_word_of_its_text(client: PageClient, add: Adds) -> None:
    add(plain_title="A zebrafish study", slug="zebra")
    page = client.get("/search?q=zebrafish")
    assert "1 summary for “zebrafish”" in page.text
    assert slugs(page.text) == ["zebra"]


def test_the_found_word_is_marked_in_title_and_passage(client: PageClient, add: Adds) -> None:
    add(plain_title="A zebrafish study", main_message="In this study one zebrafish swam again.")
    text = client.get("/search?q=zebrafish").text
    assert "A <mark>zebrafish</mark> study" in text
    assert "one <mark>zebrafish</mark> swam" in text


def test_a_script_in_a_text_stays_text(client: PageClient, add: Adds) -> None:
    add(main_message="A zebrafish <script>alert(1)</script> & more.")
    text = client.get("/search?q=zebrafish").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


def test_without_a_query_the_page_offers_topics_and_may_be_indexed(client: PageClient) -> None:
    text = client.get("/search").text
    assert "Browse by topic" in text
    assert "noindex" not in text
    assert '<link rel="canonical" href="http://localhost/search">' in text


def test_result_pages_are_not_for_search_engines(client: PageClient, add: Adds) -> None:
    add()
    assert '<meta name="robots" content="noindex, follow">' in client.get("/search?q=pain").text


def test_the_fragment_is_a_part_of_the_page(client: PageClient, add: Adds) -> None:
    add()
    for path in (
        "/search?q=pain",
        "/search?q=pain&panel=1",
        "/search?q=nothingatall",
        "/search",
        "/search?q=p&panel=1",
    ):
        fragment = client.fragment(path)
        assert fragment.strip() in client.get(path).text


def test_the_panel_shows_five_and_leads_to_all(client: PageClient, add: Adds) -> None:
    for _ in range(7):
        add_article()
    indexing.catch_up()
    panel = client.fragment("/search?q=pain&panel=1")
    assert len(slugs(panel)) == 5
    assert "See all 7 summaries" in panel
    assert 'href="/search?q=pain"' in panel


def test_one_letter_opens_no_panel(client: PageClient, add: Adds) -> None:
    add()
    assert "hidden" in client.fragment("/search?q=p&panel=1")


def test_results_come_in_pages_that_keep_the_search(client: PageClient, add: Adds) -> None:
    for _ in range(12):
        add_article()
    indexing.catch_up()
    first = client.get("/search?q=pain&subject=people").text
    assert "12 summaries" in first
    assert len(slugs(first)) == 10
    address = re.search(r'href="(/search\?[^"]*page=2[^"]*)"', first)
    assert address
    assert len(slugs(client.get(address.group(1).replace("&amp;", "&")).text)) == 2


def test_a_page_beyond_the_last_leads_back(client: PageClient, add: Adds) -> None:
    add()
    assert "Go to the first page" in client.get("/search?q=pain&page=900").text


def test_sorting_by_newest_puts_the_last_published_first(client: PageClient, add: Adds) -> None:
    old = add(plain_title="Zebrafish zebrafish zebrafish", published_on=NOW.date().replace(year=2024))
    new = add(main_message="One zebrafish.", published_on=NOW.date().replace(year=2025))
    assert slugs(client.get("/search?q=zebrafish").text) == [old.slug, new.slug]
    assert slugs(client.get("/search?q=zebrafish&sort=newest").text) == [new.slug, old.slug]


def test_quoted_words_must_stand_together(client: PageClient, add: Adds) -> None:
    together = add(main_message="They saw a purple zebrafish there.")
    add(main_message="They saw a purple cat and a zebrafish.")
    assert slugs(client.get('/search?q="purple zebrafish"').text) == [together.slug]


def test_a_retracted_paper_comes_last_and_says_so(client: PageClient, add: Adds) -> None:
    note = {"status": PaperStatus.RETRACTED, "status_note": "Figures were made up."}
    add(plain_title="A zebrafish study of zebrafish", slug="retracted", paper=note)
    add(main_message="Here a zebrafish swam.", slug="sound")
    text = client.get("/search?q=zebrafish").text
    assert slugs(text) == ["sound", "retracted"]
    assert "RETRACTED: " in text


def test_people_come_before_animals_on_equal_footing(client: PageClient, add: Adds) -> None:
    same = "A made-up study of a purple pill"
    longer = "Some people had a dry mouth, and a few of them slept badly for some weeks."  # fewer points for a word
    people = add(plain_title=same, subject=Subject.PEOPLE, harms=longer, slug="in-people")
    rats = add(
        plain_title=same, subject=Subject.ANIMALS, species="rats", slug="in-rats"
    )  # newer: first on a tie
    assert slugs(client.get("/search?q=purple").text) == [people.slug, rats.slug]


def test_people_come_before_animals_however_well_those_match(client: PageClient, add: Adds) -> None:
    rats = add(
        plain_title="Purple pills, purple food and purple light in rats",
        main_message="Purple pills made purple rats sleepy.",
        subject=Subject.ANIMALS,
        species="rats",
    )
    people = add(main_message="One of the pills was purple.")
    page = client.get("/search?q=purple").text
    assert slugs(page) == [people.slug, rats.slug]
    assert "1 summary of people for “purple”" in page
    fold = page[page.index('<details class="fold animals"') :]
    assert "In animals and the lab (1)" in fold and slugs(fold) == [rats.slug]
    assert " open>" not in fold[: fold.index("<summary>")]
    assert slugs(client.fragment("/search?q=purple&panel=1")) == [people.slug, rats.slug]
    assert "See all 2 summaries" in client.fragment("/search?q=purple&panel=1")


def test_the_fold_of_animals_is_open_if_nothing_was_found_in_people(client: PageClient, add: Adds) -> None:
    for number in range(12):
        add_article(plain_title=f"Purple pill {number}", subject=Subject.ANIMALS, species="rats")
    indexing.catch_up()
    page = client.get("/search?q=purple").text
    assert "No summaries of people for “purple”" in page
    assert re.search(
        r'<details class="fold animals"[^>]* open>\s*<summary>In animals and the lab \(12\)', page
    )
    assert len(slugs(page)) == 10
    assert len(slugs(client.get("/search?q=purple&page=2").text)) == 2


def test_the_fold_leads_to_all_animals_and_stays_off_later_pages(client: PageClient, add: Adds) -> None:
    for number in range(11):
        add_article(plain_title=f"Purple pill {number}")
        add_article(plain_title=f"Purple rat {number}", subject=Subject.ANIMALS, species="rats")
    indexing.catch_up()
    page = client.get("/search?q=purple").text
    assert "11 summaries of people" in page and len(slugs(page)) == 20
    assert 'href="/search?q=purple&amp;subject=animals&amp;subject=lab">See all 11 in animals' in page
    later = client.get("/search?q=purple&page=2").text
    assert len(slugs(later)) == 1 and 'class="fold animals"' not in later
    animals = client.get("/search?q=purple&subject=animals&subject=lab").text
    assert "11 summaries for “purple”" in animals and 'class="fold animals"' not in animals


def test_without_an_index_people_come_first_too(client: PageClient, add: Adds, config: Config) -> None:
    people = add(plain_title="A purple pill")
    rats = add(plain_title="A purple pill in purple rats", subject=Subject.ANIMALS, species="rats")
    (config.search_index / "CURRENT").unlink()
    assert slugs(client.get("/search?q=purple pill rats").text) == [people.slug, rats.slug]


# Answers first

PHRASINGS = [
    "are purple pills any good",
    "purple tablets",
    "pills that are purple",
    "violet pills",
    "lilac pills",
]


def add_purple_answer(slug: str) -> Answer:
    return add_answer(slug, question="Do purple pills work?", phrasings=PHRASINGS)


def test_the_answer_that_is_asked_for_stands_above_all_results(client: PageClient, add: Adds) -> None:
    found = add(plain_title="Purple pills work in a made-up trial")
    answer = add_purple_answer(found.slug)
    link = f'href="/answers/{answer.slug}"'
    for text in ("do purple pills work", "Purple tablets", "purpel pills work"):
        page = client.get("/search", query_string={"q": text}).text
        assert "The answer to this question" in page
        assert page.index(link) < page.index('id="search-heading"')
    assert link not in client.get("/search?q=pills in rats").text
    panel = client.fragment("/search?q=do purple pills wo&panel=1")
    assert panel.index(link) < panel.index(f'href="/research/{found.slug}"')
    assert f'class="chip" {link}' in client.fragment("/search?q=are purple&panel=1")


def test_an_answer_is_offered_from_the_moment_it_is_public_until_it_is_withdrawn(
    client: PageClient, add: Adds
) -> None:
    slug = add().slug
    assert "The answer to this question" not in client.get("/search?q=purple tablets").text
    answer = add_purple_answer(slug)
    assert "The answer to this question" in client.get("/search?q=purple tablets").text
    withdraw(answer, "It was wrong.", NOW)
    db.session.commit()
    assert "The answer to this question" not in client.get("/search?q=purple tablets").text


def test_a_search_with_an_answer_is_no_miss(client: PageClient, add: Adds) -> None:
    add_purple_answer(add().slug)
    client.get("/search?q=purple tablets")
    client.get("/search?q=purple xylophones")
    jobs.write_misses(Event())
    assert db.session.query(SearchMiss).one().text == "purple xylophones"


# What is relevant


def test_a_summary_that_only_mentions_a_synonym_is_no_hit(client: PageClient, add: Adds) -> None:
    mentions = add(harms="One person had a urinary tract infection.")
    page = client.get("/search?q=UTI").text
    assert "We have no summary on UTI yet" in page
    closest = page[page.index("Closest:") :]
    assert slugs(closest) == [mentions.slug]
    about = add(plain_title="Cranberries and urinary tract infections")
    assert slugs(client.get("/search?q=UTI").text) == [about.slug]


def test_a_word_in_passing_is_enough_if_the_reader_wrote_it(client: PageClient, add: Adds) -> None:
    mentions = add(harms="One person had hiccups.")
    add()
    assert slugs(client.get("/search?q=hiccups").text) == [mentions.slug]


def test_a_word_in_passing_beside_another_subject_is_no_hit(client: PageClient, add: Adds) -> None:
    add(harms="One person had hiccups.")
    assert (
        "We have no summary on hiccups of violinists yet"
        in client.get("/search?q=hiccups of violinists").text
    )
    about = add(plain_title="Hiccups after surgery")
    assert slugs(client.get("/search?q=hiccups of violinists").text) == [about.slug]


def test_everyday_words_for_a_thing_have_to_stand_together(client: PageClient, add: Adds) -> None:
    add(plain_title="Bladder diaries at home and how to read the pacemaker")
    assert "We have no summary on bladder pacemaker yet" in client.get("/search?q=bladder pacemaker").text
    together = add(plain_title="A pacemaker for the bladder")
    assert slugs(client.get("/search?q=bladder pacemaker").text) == [together.slug]


def test_what_few_summaries_are_about_says_more_of_a_question(client: PageClient, add: Adds) -> None:
    common = [add(plain_title=f"Pressure sores and creams, part {number}") for number in range(4)]
    rare = add(plain_title="Hiccups in dogs", subject=Subject.ANIMALS)
    for _ in range(4):
        add()
    found = slugs(client.get("/search?q=pressure sores of dogs").text)
    assert found == [rare.slug] and not {one.slug for one in common}.intersection(found)


def test_words_that_say_little_make_no_hit_beside_one_that_says_more(client: PageClient, add: Adds) -> None:
    add(main_message="People want more and newer research.")
    page = client.get("/search?q=new research to help people with hiccups").text
    assert "We have no summary on “new research to help people with hiccups” yet" in page


def test_one_of_two_subjects_is_not_what_was_asked(client: PageClient, add: Adds) -> None:
    one = add(plain_title="Pressure sores and creams")
    page = client.get("/search?q=travel with pressure sores").text
    assert "We have no summary on “travel with pressure sores” yet" in page
    assert slugs(page[page.index("Closest:") :]) == [one.slug]


def test_at_most_three_are_closest_and_people_come_first(client: PageClient, add: Adds) -> None:
    for subject in (Subject.ANIMALS, Subject.ANIMALS, Subject.PEOPLE, Subject.PEOPLE):
        add_article(
            plain_title="Pressure sores", subject=subject, species="rats" * (subject == Subject.ANIMALS)
        )
    indexing.catch_up()
    text = client.get("/search?q=travel with pressure sores").text
    assert re.findall(r"flag--(people|animals)", text) == ["people", "people", "animals"]
    jobs.write_misses(Event())
    assert db.session.query(SearchMiss).one().text == "travel with pressure sores"


def test_what_nearly_every_summary_is_about_is_found_if_nothing_else_is_asked(
    client: PageClient, add: Adds
) -> None:
    for number in range(12):
        add_article(plain_title=f"Purple pill {number}")
    other = add(plain_title="A purple pill and hiccups")
    assert "13 summaries" in client.get("/search?q=purple").text
    assert slugs(client.get("/search?q=purple hiccups").text) == [other.slug]


# Filters


def test_filters_narrow_and_their_own_group_keeps_its_counts(client: PageClient, add: Adds) -> None:
    trial = add(study_kind=StudyKind.RANDOMIZED_TRIAL)
    add(study_kind=StudyKind.INTERVIEWS, result=Result.NOT_TESTED)
    text = client.get("/search?q=pain&kind=randomized-trial").text
    assert slugs(text) == [trial.slug]
    assert re.search(r'id="filter-kind-interviews"[^>]*>.*?<span>Interviews</span> <span class="n">1<', text)
    assert "Does not test a treatment" not in text  # it would leave no results


def test_years_are_offered_in_ranges_and_single_ones_in_saved_addresses_work(
    client: PageClient, add: Adds
) -> None:
    old = add(paper={"published_on": "2014-03"})
    new = add(paper={"published_on": "2021"})
    text = client.get("/search?q=pain").text
    assert re.findall(r'id="filter-year-([0-9-]+)"', text) == ["2020-2024", "2010-2014"]
    assert slugs(client.get("/search?q=pain&year=2020-2024").text) == [new.slug]
    saved = client.get("/search?q=pain&year=2014").text
    assert slugs(saved) == [old.slug] and '<a class="chip" href="/search?q=pain">2014' in saved


def test_two_values_of_a_group_widen_and_two_groups_narrow(client: PageClient, add: Adds) -> None:
    add(study_kind=StudyKind.RANDOMIZED_TRIAL, result=Result.HELPED, main_message="Pain eased.")
    add(study_kind=StudyKind.INTERVIEWS, result=Result.NOT_TESTED)
    assert "2 summaries" in client.get("/search?q=pain&kind=randomized-trial&kind=interviews").text
    assert (
        "1 summary" in client.get("/search?q=pain&kind=randomized-trial&kind=interviews&result=helped").text
    )


def test_a_chip_takes_its_filter_away_and_keeps_the_rest(client: PageClient, add: Adds) -> None:
    add()
    text = client.get("/search?q=pain&subject=people&category=pain-management").text
    chip = re.search(r'<a class="chip" href="([^"]*)">Pain Management', text)
    assert chip
    assert chip.group(1).replace("&amp;", "&") == "/search?q=pain&subject=people"


def test_filters_without_a_result_say_so(client: PageClient, add: Adds) -> None:
    add()
    assert "Search without filters" in client.get("/search?q=pain&subject=lab").text


def test_unknown_filter_values_find_nothing_and_break_nothing(client: PageClient, add: Adds) -> None:
    add()
    client.get("/search?q=pain&kind=nonsense&year=%00&category=../etc&subject=people")


# What was done to the words


def test_everyday_words_are_read_as_medical_ones_and_the_page_says_so(client: PageClient, add: Adds) -> None:
    found = add(
        paper={"title": "Urinary retention in a made-up trial"},
        main_message="Some people could not empty it.",
    )
    text = client.get("/search?q=can't pee").text
    assert slugs(text) == [found.slug]
    assert "We also looked for <b>urinary retention</b>" in text
    assert 'href="/search?q=can%27t+pee&amp;own=1"' in text


def test_fewer_words_are_not_offered_where_more_find_nothing(client: PageClient, add: Adds) -> None:
    add()
    text = client.get("/search?q=can't pee").text
    assert "We also looked for <b>urinary retention</b>" in text
    assert "own=1" not in text


def test_own_words_only_means_no_other_words(client: PageClient, add: Adds) -> None:
    add(paper={"title": "Urinary retention in a made-up trial"})
    text = client.get("/search?q=can't pee&own=1").text
    assert slugs(text) == []
    assert "We also looked for" not in text


def test_a_typing_error_is_put_right_and_can_be_taken_back(client: PageClient, add: Adds) -> None:
    found = add(plain_title="Baclofen in a made-up trial")
    text = client.get("/search?q=baclofin").text
    assert slugs(text) == [found.slug]
    assert "Showing results for <b>baclofen</b>" in text
    assert 'href="/search?q=baclofin&amp;exact=1"' in text
    assert slugs(client.get("/search?q=baclofin&exact=1").text) == []


def test_a_word_of_the_library_is_never_corrected(client: PageClient, add: Adds) -> None:
    add(plain_title="Baclofin is a name in this text")
    add(plain_title="Baclofen in a made-up trial")
    assert "Showing results for" not in client.get("/search?q=baclofin").text


def test_an_unfinished_word_is_completed_not_corrected(client: PageClient, add: Adds) -> None:
    found = add(plain_title="An exoskeleton in a made-up trial")
    text = client.get("/search?q=exosk").text
    assert slugs(text) == [found.slug]
    assert "Showing results for" not in text


def test_words_written_as_one_are_taken_apart(client: PageClient, add: Adds) -> None:
    found = add(plain_title="Purple zebrafish in a made-up trial")
    assert slugs(client.get("/search?q=purplezebrafish").text) == [found.slug]


# Nothing found


def test_nothing_found_offers_ways_on_and_is_counted(client: PageClient, add: Adds) -> None:
    add()
    text = client.get("/search?q=Xylophones quux").text
    assert "We have no summary on Xylophones quux yet" in text
    assert "Browse by topic" in text
    jobs.write_misses(Event())
    miss = db.session.query(SearchMiss).one()
    assert (miss.text, miss.count) == ("xylophones quux", 1)


def test_addresses_and_numbers_are_not_kept(client: PageClient, add: Adds) -> None:
    add()
    client.get("/search?q=xylophone me@example.org 5551234567")
    jobs.write_misses(Event())
    assert db.session.query(SearchMiss).one().text == "xylophone"


@pytest.mark.parametrize("query", ["??", "*", "&"])
def test_signs_alone_find_nothing_and_get_a_sentence(client: PageClient, add: Adds, query: str) -> None:
    add()
    page = client.get("/search", query_string={"q": query}).text
    assert "We have no summary on" in page and "Try different or fewer words" in page
    assert 'class="facet"' not in page


def test_ten_thousand_characters_get_an_answer(client: PageClient, add: Adds) -> None:
    add()
    client.get("/search?q=" + "a" * 8000)
    client.get("/search?q=" + "pain+" * 1600)


# What must never be found


@pytest.mark.proves("Promise 2: a withdrawn article is gone at the next request")
def test_a_withdrawn_article_is_gone_at_once(client: PageClient, add: Adds) -> None:
    article = add(plain_title="A zebrafish study")
    withdraw(article, "It was wrong.", NOW)
    db.session.commit()
    text = client.get("/search?q=zebrafish").text
    assert slugs(text) == []
    assert "We have no summary on zebrafish yet" in text
    assert article.slug not in client.get("/search/feed.atom?q=zebrafish").text
    indexing.catch_up()
    assert "We have no summary on zebrafish yet" in client.get("/search?q=zebrafish").text


def test_a_draft_is_never_found(client: PageClient, add: Adds) -> None:
    add()
    db.session.add(Draft(content={"plain_title": "A secret zebrafish"}, saved_at=NOW))
    db.session.commit()
    indexing.catch_up()
    assert slugs(client.get("/search?q=secret zebrafish&own=1&exact=1").text) == []


def test_a_changed_article_is_found_by_its_new_words_only(client: PageClient, add: Adds) -> None:
    article = add(plain_title="A zebrafish study")
    changed = msgspec.structs.replace(content_of(article), plain_title="A salamander study")
    publish(changed, NOW, article)
    db.session.commit()
    indexing.catch_up()
    assert slugs(client.get("/search?q=salamander&own=1").text) == [article.slug]
    assert slugs(client.get("/search?q=zebrafish&own=1&exact=1").text) == []


# Feed and description


def test_a_search_has_a_feed_with_the_newest_first(client: PageClient, add: Adds) -> None:
    add(plain_title="Zebrafish first", published_on=NOW.date().replace(year=2024))
    add(plain_title="Zebrafish second", published_on=NOW.date().replace(year=2025))
    response = client.flask.get("/search/feed.atom?q=zebrafish")
    assert response.mimetype == "application/atom+xml"
    feed = ElementTree.fromstring(response.text)
    titles = [entry.findtext(f"{ATOM}title") or "" for entry in feed.iter(f"{ATOM}entry")]
    assert [title.partition(" (")[0] for title in titles] == ["Zebrafish second", "Zebrafish first"]
    assert "(People · Randomized trial · " in titles[0]


@pytest.mark.parametrize("query", ["", "?q=xylophone", "?q=%3Cb%3E%26"])
def test_every_feed_is_well_formed(client: PageClient, add: Adds, query: str) -> None:
    add()
    feed = ElementTree.fromstring(client.flask.get(f"/search/feed.atom{query}").text)
    assert feed.findtext(f"{ATOM}id")
    assert feed.findtext(f"{ATOM}updated")


def test_browsers_can_add_the_site_as_a_search_engine(client: PageClient) -> None:
    description = ElementTree.fromstring(client.flask.get("/opensearch.xml").text)
    urls = [url.get("template") for url in description.iter("{http://a9.com/-/spec/opensearch/1.1/}Url")]
    assert "http://localhost/search?q={searchTerms}" in urls


def test_what_is_offered_after_a_miss_has_results_and_is_another_search(
    client: PageClient, add: Adds
) -> None:
    add(plain_title="Learning how to have children after an injury")
    offered = links_of_searches(client.get("/search?q=pregnancy").text)
    assert "pregnancy" not in offered
    for text in offered:
        assert "We have no summary" not in client.get("/search", query_string={"q": text}).text


def test_a_completion_has_results_and_is_another_search(client: PageClient, add: Adds) -> None:
    add(plain_title="Botulinum toxin for a neurogenic bladder")
    assert links_of_searches(client.fragment("/search?q=pregn&panel=1")) == []
    assert links_of_searches(client.fragment("/search?q=neurogenic+blad&panel=1"))[0] == "neurogenic bladder"
    assert "neurogenic bladder" not in links_of_searches(
        client.fragment("/search?q=Neurogenic+bladders&panel=1")
    )


def test_the_feed_of_a_search_keeps_its_filters(client: PageClient, add: Adds) -> None:
    add(subject=Subject.PEOPLE)
    rat = add(subject=Subject.ANIMALS, species="rats")
    page = client.get("/search?q=pain&subject=animals&sort=newest").text
    assert page.count('href="/search/feed.atom?q=pain&amp;subject=animals"') == 2
    feed = client.flask.get("/search/feed.atom?q=pain&subject=animals").text
    assert slugs(feed.replace("http://localhost", "")) == [rat.slug]
    assert "<title>“pain”, Animals – " in feed
    assert (
        'rel="self" type="application/atom+xml" href="http://localhost/search/feed.atom?q=pain&amp;subject=animals"'
        in feed
    )
    assert 'type="text/html" href="http://localhost/search?q=pain&amp;subject=animals"' in feed


def test_a_fragment_names_the_title_of_its_page(client: PageClient, add: Adds) -> None:
    add()
    page = client.get("/search?q=pain").text
    assert "<title>pain – search – Spinal Cord Research Help</title>" in page
    assert 'data-title="pain – search – Spinal Cord Research Help"' in client.fragment("/search?q=pain")


def test_the_page_says_which_words_of_a_long_question_it_left_out(client: PageClient, add: Adds) -> None:
    add()
    story = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda omicron sigma"
    assert (
        "so we left these words out: lambda, omicron, sigma."
        in client.get(f"/search?q={story}+nerve+pain").text
    )
    assert "left out" not in client.get("/search?q=nerve+pain").text


def test_what_nobody_sees_is_taken_out_of_a_query(client: PageClient, add: Adds) -> None:
    add(plain_title="Beds for pressure sores")
    assert (
        "1 summary for “pressure sores”"
        in client.get("/search?q=pres%C2%ADsure%E2%80%8B+sores%E2%80%AE").text
    )
