"""From embeddings to clusters: maps, clusterings, scores, and the estimator that does it all."""
