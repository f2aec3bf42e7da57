"""Draws the README's picture: `python data_scripts/draw_readme_map.py`.

A t-SNE map of 1,500 pictures as the ready-trained encoder sees them, coloured by k-means: the map
of notebook 00.
"""

from pathlib import Path

import rnn_tutor as rt

TARGET = Path(__file__).resolve().parents[1] / ".readme" / "map.png"


def main():
    """Draw and write it."""
    images = rt.load_images("fashion5").sample(1500, seed=0)
    embeddings = rt.clustering.l2_normalize(rt.embed(rt.load_encoder("fashion5"), images))
    clusters = rt.Clustering(5, seed=0).fit_predict(embeddings)
    points = rt.clustering.project(embeddings, "tsne", seed=0)
    TARGET.write_bytes(rt.plots.embedding_map(points, images, clusters, thumbnails=60).png())


if __name__ == "__main__":
    main()
