"""The search engine on disk: Whoosh as index, writer and lexicon, read into arrays. No other package knows its names.

Damaged files raise almost anything, a bare Exception included ("Block tag error"), so the backend, the boundary of this
package, catches Exception and raises SearchUnavailable. Whoosh 2.7.4 is frozen, so its inner names used here (``_data``,
``_next_block``) will not move.
"""

from webapp.search.backends.whoosh.backend import WhooshBackend as WhooshBackend
