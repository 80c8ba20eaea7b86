"""What is public: published articles, categories, the glossary, topic grids, the history of an article."""
