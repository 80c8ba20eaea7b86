"""How a text becomes public: publish, revisions with merge, schedule, retractions, import, audit log."""
