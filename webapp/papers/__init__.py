"""Papers apart from our texts: read from files and outside services, with facts and their sentences, watched and sorted.

- Formats: ``file_formats`` is the one way in. ``ris``, ``nbib``, ``bibtex``, ``pubmed_xml``, ``jats`` and ``crossref`` read one
  each, and yield what ``records`` normalizes.
- Services: ``services`` asks them; ``sources`` reads what they say of one paper, ``listings`` what is new, and ``one_box`` whatever
  somebody pastes.
- Drafts: ``importing`` makes them, ``stored_texts`` holds the texts of their papers, ``ai_drafting`` has a model write the first one.
- Facts: ``facts.suggesting`` finds them in a text, ``facts.decisions`` stores what editors say of them.
- Watch and triage: ``watching`` runs searches, ``candidates`` stores what they find, and ``rating`` says why to read it.
- Notices of journals: ``notices`` and ``retraction_watch``.
- The site before this one: ``adoption`` makes drafts of its pages, which ``original_pages`` reads.
"""
