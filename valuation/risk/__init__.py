"""Choices of draws, and what is made of the answers."""
