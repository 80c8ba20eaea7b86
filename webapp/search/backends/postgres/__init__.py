"""The search engine in PostgreSQL, for sites of several machines: PostgreSQL keeps and finds, the arrays rank.

An article is one ``tsvector`` of the site's own stems, so that both engines understand words alike. Its places answer
phrases through a GIN index; its letters A to D stand for the parts of the text, most telling first, and PostgreSQL itself
unfolds it into posting lists. Those are read into arrays when first asked for and ranked by the same code as Whoosh's:
exactly, and better than ``ts_rank`` can, which does not know how rare a word is. ``pg_trgm`` finds words with typing errors.

Every row belongs to a build. A rebuild fills the next one beside the live one; ``search_state`` names the live build, and
its generation grows with each commit, by which other processes notice.
"""

from webapp.search.backends.postgres.backend import PostgresBackend as PostgresBackend
