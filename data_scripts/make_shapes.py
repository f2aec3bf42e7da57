"""Draw pictures of five kinds of shapes and write them as JPEG files, a folder for each kind.

    python data_scripts/make_shapes.py FOLDER [--n 300] [--size 224] [--seed 0]

Notebook 10 does the same with 300 of them. The same seed gives the same pictures.
"""

import argparse

from rnn_tutor.images.shapes import draw_shapes

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    shapes = draw_shapes(arguments.n, size=arguments.size, seed=arguments.seed)
    print(f"{arguments.n} pictures in {shapes.write(arguments.folder)}")
