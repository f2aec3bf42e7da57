"""Images: loading, labels, preprocessing, augmentation, and the orders in which they are read."""
