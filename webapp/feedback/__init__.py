"""Feedback from readers: votes, answers and notes below an article, reports of mistakes, the contact form."""
