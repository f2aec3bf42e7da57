"""Keras networks of the course, and their twins in NumPy."""
