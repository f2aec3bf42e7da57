"""Pictures: reading, naming, preparing, varying them, and the orders in which they are read."""
