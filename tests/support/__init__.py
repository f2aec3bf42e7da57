"""What the tests share: rules for notebooks, their budget, the books on skipped tests."""
