"""Talking to GitHub: comment, check run, annotations, summary; nothing is judged here."""
