"""Right answers to the exercises, each written in several ways: {number: answers}."""
