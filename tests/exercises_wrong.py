"""For each exercise, usual wrong answers: (what stands in the function, words of the check).

A body is what a student writes in place of `...`; with no exercise inputs it is the answer itself.
"""

UNIT = "unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)\n"
COSINES = UNIT + "cosines = unit @ unit[index]\n"
PARTNERS = "others = np.delete(scores, view)\n"
SPREAD = "z = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)\n"
FLOATS = "a, b = pictures / 255, drawn / 255\n"
TOGETHER = "a, b = first[:, None] == first, second[:, None] == second\n"
NAMED = "from scipy.optimize import linear_sum_assignment\n"
COUNTED = "p = {'simple_rnn': 1, 'gru': 3, 'lstm': 4}[cell]\nr = 2 if cell == 'gru' else 1\n"
SINGLE_GATE = (
    "(W_f, W_h), (U_f, U_h), (b_f, b_h) = (np.split(w, 2, -1) for w in (W, U, b))\n"
    "z = x @ W_f + h @ U_f + b_f\nf = 1 / (1 + np.exp(-z))\n"
    "c = np.tanh(x @ W_h + {} + b_h)\nreturn {}"
)
WINDOWS = (
    "w = np.lib.stride_tricks.sliding_window_view(picture, kernel.shape)\n"
    "a = (w * kernel).sum(axis=(2, 3))\n"
)
FILTERED = "import cv2\na = cv2.filter2D(picture, -1, kernel{})\n"
PLACE = "return np.unravel_index(a.argmax(), a.shape)"
BLOCKS = (
    "h, w, c = feature_map.shape[0] // size, feature_map.shape[1] // size, feature_map.shape[2]\n"
    "b = feature_map[:h * size, :w * size].reshape(h, size, w, size, c)\n"
)
BACK = (
    "first = last = place\nfor size, strides in {1}:\n"
    "    first, last = first * strides, {0}\nreturn first, last"
)
ERROR = "def error(x):\n    return np.std(x, ddof=1) / np.sqrt(len(x))\n"
PIECES = (
    "import cv2\nn, pieces = cv2.connectedComponents(mask, connectivity=8)\n"
    "sizes = np.bincount(pieces.ravel())\n"
)
SURE = "p = probabilities.max(axis=1)\n"
MARGINS = "p = np.sort(probabilities, axis=1)\nmargins = p[:, -1] - p[:, -2]\n"

WRONG = {
    "00.1": [
        ("return np.unique(labels, return_counts=True)[1].max()", "divided by the number of all"),
        ("return np.mean(labels == 0)", "need not have that number"),
        ("return np.bincount(labels).argmax()", "number of the largest cluster"),
        ("return 100 * np.bincount(labels).max() / len(labels)", "per cent"),
        ("return np.bincount(labels) / len(labels)", "One number is asked for"),
        ("return np.unique(labels, return_counts=True)[1].min() / len(labels)", "smallest"),
    ],
    "00.2": [
        (COSINES + "return np.argsort(-cosines)[:n]", "The picture itself"),
        (COSINES + "cosines[index] = np.inf\nreturn np.argsort(cosines)[:n]", "wrong end"),
        (COSINES + "return np.argsort(-cosines, kind='stable')[1:n + 1]", "exact twins"),
        (COSINES + "cosines[index] = -9\nreturn np.argsort(cosines)[-n:]", "wrong order"),
        (COSINES + "cosines[index] = -9\nreturn np.argmax(cosines)", "array of n indices"),
        (
            "dots = embeddings @ embeddings[index]\ndots[index] = -np.inf\n"
            "return np.argsort(-dots)[:n]",
            "long ones",
        ),
        (
            "d = np.linalg.norm(embeddings - embeddings[index], axis=1)\nd[index] = np.inf\n"
            "return np.argsort(d)[:n]",
            "merely longer",
        ),
    ],
    "01.1": [
        ("return np.rint(rgb @ [0.114, 0.587, 0.299]).astype(np.uint8)", "exchanged"),
        ("return rgb.mean(axis=2).astype(np.uint8)", "plain mean"),
        ("return np.rint(rgb @ [0.299, 0.587, 0.114])", "as float64"),
    ],
    "01.2": [
        ("return picture + np.uint8(by % 256)", "wrapped around"),
        ("return np.minimum(picture.astype(int) + by, 255).astype(np.uint8)", "falls below 0"),
        ("return np.clip(picture + np.uint8(by % 256), 0, 255)", "too late"),
        ("return (picture.astype(int) + by)", "as int64"),
    ],
    "01.3": [
        ("return np.where(picture >= threshold, 255, 0).astype(np.uint8)", "equals the threshold"),
        ("return (picture > threshold).astype(np.uint8)", "white should be 255"),
        ("return np.where(picture > threshold, 0, 255).astype(np.uint8)", "exchanged"),
        ("return threshold, picture", "returns 2 things"),
    ],
    "01.4": [
        ("return np.where((row > np.roll(row, 1)) & (row >= np.roll(row, -1)), row, 0)", "np.roll"),
        (
            "row = row.copy()\nfor i in range(len(row)):\n"
            "    a, b = row[i - 1] if i else 0, row[i + 1] if i + 1 < len(row) else 0\n"
            "    row[i] *= row[i] > a and row[i] >= b\nreturn row",
            "as it came",
        ),
        (
            "a, b = np.append(0, row[:-1]), np.append(row[1:], 0)\n"
            "return np.where((row > a) & (row > b), row, 0)",
            "keep the first",
        ),
        (
            "a, b = np.append(0, row[:-1]), np.append(row[1:], 0)\n"
            "return np.where((row >= a) & (row >= b), row, 0)",
            "only the first should stay",
        ),
    ],
    "02.1": [
        ("return (height // size) * (width // size), size * size * channels", "is padded"),
        ("return -(-height // size) * -(-width // size), size * size", "for every channel"),
        (
            "return size * size * channels, -(-height // size) * -(-width // size)",
            "other way round",
        ),
        ("return -(-height * width // size**2), size * size * channels", "along each side"),
    ],
    "02.2": [
        ("return np.arange(height * width)", "from right to left"),
        (
            "p = np.arange(height * width).reshape(height, width)\np[::2] = p[::2, ::-1].copy()\n"
            "return p.ravel()",
            "The first row",
        ),
        (
            "p = np.arange(height * width).reshape(height, width)\np[1::2] = p[1::2, ::-1].copy()\n"
            "return p",
            "one long list",
        ),
        (
            "p = np.arange(height * width).reshape(height, width)\np[1:] = p[1:, ::-1].copy()\n"
            "return p.ravel()",
            "third row",
        ),
    ],
    "02.3": [
        ("return np.concatenate([sequences, sequences[::-1]], axis=2)", "*batch*"),
        ("return np.concatenate([sequences, sequences[..., ::-1]], axis=2)", "*features* of each"),
        ("return np.concatenate([sequences, sequences[:, ::-1]], axis=1)", "*after* the first"),
        ("return np.concatenate([sequences, np.flip(sequences)], axis=2)", "round everything"),
        ("return np.concatenate([sequences, sequences], axis=2)", "forwards too"),
    ],
    "03.1": [
        (COUNTED + "return p * (units * features + units**2)", "has a bias too"),
        (COUNTED + "return p * units * (features + r)", "recurrent kernel is missing"),
        (COUNTED + "return p * units * (features + 1 + units)", "a second row of bias"),
        (COUNTED + "return units * (features + units + r)", "How many parts"),
        (COUNTED + "return min(p, 3) * units * (features + units + r)", "a fourth part"),
        (COUNTED + "return p * units * (features + units + 2)", "two rows of bias?"),
        (COUNTED + "return (4 if r == 2 else p) * units * (features + units + r)", "a third part"),
        (COUNTED + "return p * (units * features + features**2 + r * units)", "(units, units)"),
    ],
    "03.2": [
        ("f = 1 / (1 + np.exp(-bias))\nreturn np.log(2) / np.log(f)", "sign is wrong"),
        ("f = 1 / (1 + np.exp(-bias))\nreturn np.log(f) / np.log(0.5)", "turn it over"),
        ("return 1 + np.exp(bias)", "1/e left"),
        ("return 0.5 * (1 + np.exp(bias))", "same *share*"),
        ("f = 1 / (1 + np.exp(-bias))\nreturn np.ceil(np.log(0.5) / np.log(f))", "rounded"),
        (
            "f = bias if bias > 1 else 1 / (1 + np.exp(-bias))\nreturn np.log(0.5) / np.log(f)",
            "*sigmoid* of the bias",
        ),
        ("return np.log(2) / bias", "*sigmoid* of the bias"),
    ],
    "03.3": [
        ("return states[:, -1]", "rubbish included"),
        ("return states[:, lengths - 1]", "two lists of places"),
        ("return states[np.arange(len(states)), lengths]", "One step too far"),
        ("return states[np.arange(len(states)), lengths - 1, 0]", "axis of the units is lost"),
        ("return states[np.arange(len(states)), lengths - 1][::-1]", "The value"),
    ],
    "03.4": [
        (SINGLE_GATE.format("f * h @ U_h", "f * h + (1 - f) * c"), "exchanged"),
        (SINGLE_GATE.format("f * (h @ U_h)", "(1 - f) * h + f * c"), "*before* the matrix"),
        (SINGLE_GATE.format("h @ U_h", "(1 - f) * h + f * c"), "should see f * h"),
        (
            SINGLE_GATE.format("f * h @ U_h", "(1 - f) * h + f * c").replace(
                "1 / (1 + np.exp(-z))", "np.tanh(z)"
            ),
            "A gate is a sigmoid",
        ),
        (
            SINGLE_GATE.format("f * h @ U_h", "(1 - f) * h + f * c").replace(
                "split(w, 2, -1)", "split(w, 2, -1)[::-1]"
            ),
            "in the order f, h",
        ),
        (
            SINGLE_GATE.format("f * h @ U_h", "(1 - f) * h + f * c").replace("np.tanh(", "("),
            "goes through tanh",
        ),
    ],
    "04.1": [
        ("return -(-length // strides)", "has to fit in"),
        (
            "n = length - size if padding == 'valid' else length\nreturn -(-n // strides)",
            "One place is missing",
        ),
        (
            "return -(-(length - size + 1) // strides)",
            "every pixel is a place",
        ),
        (
            "n = length - size + 1 if padding == 'valid' else length\nreturn n // strides",
            "round up",
        ),
        ("return length - size + 1 if padding == 'valid' else length", "-th place"),
        (
            "n = length - size + 1 if padding == 'valid' else length\nreturn round(n / strides)",
            "round up",
        ),
        (
            "n = length - size + 1 if padding == 'valid' else length\nreturn np.ceil(n / strides)",
            "received float64",
        ),
    ],
    "04.2": [
        (WINDOWS + "return np.argwhere(a == a.max())[0][::-1]", "the row comes first"),
        (WINDOWS + "return a.argmax()", "give (row, column)"),
        ("kernel = np.rot90(kernel, 2)\n" + WINDOWS + PLACE, "turned the kernel round"),
        (WINDOWS + "a = abs(a)\n" + PLACE, "strong no"),
        (WINDOWS + "a = -a\n" + PLACE, "smallest"),
        (WINDOWS + "return np.argwhere(a == a.max())[-1]", "take the first of them"),
        (WINDOWS + "return np.argwhere(a == a.max())[0] + np.array(kernel.shape) // 2", "middle"),
        (
            "n = len(kernel)\n"
            "w = np.lib.stride_tricks.sliding_window_view(picture, (n, n))\n"
            "a = (w * kernel).sum(axis=(2, 3))\n" + PLACE,
            "height and its width may differ",
        ),
        (FILTERED.format("") + PLACE, "over the edge"),
        *(
            (
                FILTERED.format(border) + "place = np.unravel_index(a.argmax(), a.shape)\n"
                "return np.subtract(place, np.array(kernel.shape) // 2)",
                "over the edge",
            )
            for border in ("", ", borderType=cv2.BORDER_CONSTANT")
        ),
    ],
    "04.3": [
        (BLOCKS + "return b.mean(axis=(1, 3))", "the mean of each window"),
        (BLOCKS + "return b[:, 0, :, 0]", "first of each window"),
        (BLOCKS + "return b.max(axis=(1, 3, 4))", "last axis stays"),
        (
            BLOCKS + "return b.max(axis=(1, 3, 4))[:, :, None].repeat(c, axis=2)",
            "last axis stays",
        ),
        ("size = 2\n" + BLOCKS + "return b.max(axis=(1, 3))", "windows of 2 x 2"),
        (BLOCKS + "return b.max(axis=(0, 2))", "lie apart"),
        (BLOCKS + "return b.reshape(h, w, size, size, c).max(axis=(2, 3))", "lie apart"),
        (
            "h, w, c = feature_map.shape\n"
            "return feature_map.reshape(h // size, size, w // size, size, c).max(axis=(1, 3))",
            "What becomes of the rest?",
        ),
        (BLOCKS + "return b.reshape(size, h, size, w, c).max(axis=(0, 2))", "lie apart"),
        (
            "p = np.pad(feature_map, ((0, -len(feature_map) % size),"
            " (0, -feature_map.shape[1] % size), (0, 0)), constant_values=-99)\n"
            "h, w = p.shape[0] // size, p.shape[1] // size\n"
            "return p.reshape(h, size, w, size, -1).max(axis=(1, 3))",
            "left out",
        ),
        (
            "w = np.lib.stride_tricks.sliding_window_view(feature_map, (size, size), axis=(0, 1))\n"
            "return w.max(axis=(3, 4))",
            "do not overlap",
        ),
    ],
    "04.4": [
        (BACK.format("last * strides + size", "reversed(stack)"), "one too far"),
        (BACK.format("last * strides + size - 1", "stack"), "from the other end"),
        (BACK.format("(last + size - 1) * strides", "reversed(stack)"), "side by side"),
        (
            "first = last = place\nfor size, strides in reversed(stack):\n"
            "    last = last + size - 1\nreturn first, last",
            "begins at pixel 6",
        ),
        (
            "first = last = place\nfor size, strides in reversed(stack):\n"
            "    first, last = first * strides - (size - 1) // 2, last * strides + size // 2\n"
            "return first, last",
            "no padding here",
        ),
    ],
    "05.1": [
        ("return np.log(probabilities[np.arange(len(labels)), labels])", "The sign"),
        ("return -np.log(probabilities[:, labels])", "in pairs"),
        ("return -np.log(probabilities.max(axis=1))", "take the probability of *its* class"),
        ("return -np.log(probabilities[np.arange(len(labels)), labels]).mean()", "the mean"),
        ("return -np.log2(probabilities[np.arange(len(labels)), labels])", "in bits"),
        ("return probabilities[np.arange(len(labels)), labels]", "now the logarithm"),
    ],
    "05.2": [
        ("return np.diag(matrix) / matrix.sum(axis=0)", "*precision*"),
        ("return np.diag(matrix) / matrix.sum()", "divided by all pictures"),
        ("return np.trace(matrix) / matrix.sum()", "this is the accuracy"),
        ("return 1 - np.diag(matrix) / matrix.sum(axis=1)", "what went right"),
    ],
    "05.3": [
        ("return np.arange(len(labels)) < k", "Class 1 has given nothing"),
        (
            "t = np.zeros(len(labels), bool)\nfor c in range(2):\n"
            "    t[np.flatnonzero(labels == c)[:k]] = True\nreturn t",
            "need not be 0, 1, 2",
        ),
        (
            "t = np.zeros(len(labels), int)\nfor c in set(labels):\n"
            "    t[np.flatnonzero(labels == c)[:k]] = 1\nreturn t",
            "of the type `bool`",
        ),
        (
            "return np.sort([i for c in set(labels) for i in np.flatnonzero(labels == c)[:k]])",
            "These are places",
        ),
        (
            "t = np.ones(len(labels), bool)\nfor c in set(labels):\n"
            "    t[np.flatnonzero(labels == c)[:k]] = False\nreturn t",
            "mark the *test* part",
        ),
        (
            "t = np.zeros(len(labels), bool)\nfor c in set(labels):\n"
            "    t[np.flatnonzero(labels == c)[-k:]] = True\nreturn t",
            "go through the order",
        ),
    ],
    "06.1": [
        ("return np.array([np.mean(scores), np.std(scores, ddof=1)])", "*one* training"),
        (
            "return np.array([np.mean(scores), np.std(scores) / np.sqrt(len(scores))])",
            "must be n - 1",
        ),
        ("return np.array([np.mean(scores), np.std(scores)])", "as it comes"),
        (
            "return np.array([np.mean(scores), np.std(scores, ddof=1) / len(scores)])",
            "the *root* of n",
        ),
        ("return np.array([np.mean(scores), np.var(scores, ddof=1) / 3 ** 0.5])", "variance"),
        ("return np.std(scores, ddof=1) / np.sqrt(len(scores))", "Two numbers"),
        ("return np.mean(scores)", "Two numbers"),
        (
            "return np.array([np.std(scores, ddof=1) / np.sqrt(len(scores)), np.mean(scores)])",
            "other order",
        ),
    ],
    "06.2": [
        (
            ERROR + "gap = first.mean() - second.mean()\n"
            "return np.array([gap, np.hypot(error(first), error(second))])",
            "added up the errors",
        ),
        (
            ERROR + "gap = first.mean() - second.mean()\n"
            "return np.array([gap, abs(error(first) - error(second))])",
            "subtracted the two errors",
        ),
        (ERROR + "d = second - first\nreturn np.array([d.mean(), error(d)])", "The sign"),
        ("d = first - second\nreturn np.array([d.mean(), d.std(ddof=1)])", "standard deviation"),
        ("d = first - second\nreturn np.array([d.mean(), d.std() / len(d) ** 0.5])", "lacks"),
        ("return np.mean(first - second)", "is missing"),
        (ERROR + "d = abs(first - second)\nreturn np.array([d.mean(), error(d)])", "the signs"),
        ("return first - second", "now their mean"),
    ],
    "06.3": [
        ("return np.interp(wanted, scores, numbers)", "each step *multiplies*"),
        ("return numbers[np.argmax(scores >= wanted)]", "that was *measured*"),
        ("return numbers[np.argmax(scores >= wanted) - 1]", "not reached yet"),
        ("return np.interp(wanted, scores, np.log(numbers))", "the logarithm"),
        ("return np.exp(np.interp(wanted, scores, np.log(numbers)))", "never reached"),
        (
            "if scores.max() < wanted:\n    return np.inf\n"
            "return np.exp(np.interp(wanted, scores, np.log(numbers)))",
            "expects them to rise",
        ),
        (
            "k = np.argmax(scores >= wanted)\n"
            "return np.exp(np.interp(wanted, scores[k - 1:k + 1], np.log(numbers[k - 1:k + 1])))",
            "Your function stopped",
        ),
    ],
    "07.1": [
        ("192", "now there are two"),
        ("np.int64(96)", "reads *one* way"),
        ("768", "leave `units`"),
        ("100", "That is not it"),
        ("(None, 384)", "whole shape"),
        ("'384'", "A whole number is asked for"),
        ("38.5", "A whole number is asked for"),
        ("lambda: 384", "not a function"),
    ],
    "07.2": [
        ("return view + n", "Python counts from 0"),
        ("return view ^ 1", "side by side"),
        ("return (view + n - 1) % (2 * n)", "off by one"),
        ("return (view + n + 1) % (2 * n)", "off by one"),
        ("return 2 * n - 1 - view", "not reversed"),
        ("return view", "the view itself"),
        ("return (view + n) % (2 * n) / 1", "a float"),
    ],
    "07.3": [
        ("return ((pictures - drawn) ** 2).mean(axis=(1, 2, 3)) / 255**2", "only 0 to 255"),
        (FLOATS + "return (a - b).mean(axis=(1, 2, 3)) ** 2", "Square each difference first"),
        (FLOATS + "return ((a - b) ** 2).mean()", "you took the mean over the pictures too"),
        (FLOATS + "return ((a - b) ** 2).mean(axis=0)", "kept the pixels"),
        (FLOATS + "return ((a - b) ** 2).mean(axis=1)", "all* axes but the first"),
        (FLOATS + "return (a - b) ** 2", "one for each pixel"),
        (FLOATS + "return ((a - b) ** 2).sum(axis=(1, 2, 3))", "the sum over the pixels"),
        (FLOATS + "return np.abs(a - b).mean(axis=(1, 2, 3))", "square them"),
        (FLOATS + "return np.sqrt(((a - b) ** 2).mean(axis=(1, 2, 3)))", "root of the error"),
        (
            "return ((pictures * 1.0 - drawn) ** 2).mean(axis=(1, 2, 3)) / 255",
            "before* you square",
        ),
        ("return ((pictures * 1.0 - drawn) ** 2).mean(axis=(1, 2, 3))", "White is to count as 1"),
    ],
    "07.4": [
        (SPREAD + "return bool(np.linalg.norm(z - z.mean(0), axis=1).mean() < 0.1)", "0.14 here"),
        (SPREAD + "return bool(np.linalg.norm(z - z.mean(0), axis=1).max() < 0.11)", "0.04 here"),
        ("return bool(np.sqrt(embeddings.var(axis=0).sum()) < 0.1)", "merely short"),
        ("e = embeddings / embeddings.max()\nreturn bool(e.std() < 0.1)", "`axis=0`"),
        (SPREAD + "return bool(np.sqrt(z.var(axis=1).sum()) < 0.1)", "`axis=0`"),
        (SPREAD + "return bool(np.sqrt(z.var(axis=0).mean()) < 0.1)", "their mean is small"),
        (SPREAD + "return bool(z.var(axis=0).sum() < 0.1)", "the *root* of the sum"),
        (SPREAD + "return np.sqrt(z.var(axis=0).sum())", "True or False"),
        (SPREAD + "return bool(np.sqrt(z.var(axis=0).sum()) > 0.1)", "All pictures have the same"),
    ],
    "07.5": [
        (
            PARTNERS + "e = np.exp(others - others.max())\n"
            "return -np.log(np.insert(e / e.sum(), view, 0)[partner])",
            "without the probability",
        ),
        (
            "scores = scores.copy()\nscores[view] = 0\n"
            "return np.log(np.exp(scores).sum()) - scores[partner]",
            "with the score 0",
        ),
        ("return np.log(np.exp(scores).sum()) - scores[partner]", "stands among the candidates"),
        (
            PARTNERS + "p = np.exp(others) / np.exp(others).sum()\n"
            "p = np.insert(np.exp(p) / np.exp(p).sum(), view, 0)\nreturn -np.log(p[partner])",
            "Softmax has been taken twice",
        ),
        (PARTNERS + "return np.log(np.exp(others).sum()) - others[partner]", "moves up by one"),
        (PARTNERS + "return scores[partner] - np.log(np.exp(others).sum())", "The sign is wrong"),
        (PARTNERS + "return np.exp(scores[partner]) / np.exp(others).sum()", "probability of the"),
        (
            PARTNERS + "return np.log(np.exp(others).sum()) - scores[partner]",
            "largest candidate's score off",
        ),
        (
            "s = np.delete(scores, [view, partner])\n"
            "return np.log(np.exp(s).sum()) - scores[partner]",
            "strangers only",
        ),
        (
            "s = scores[1:]\nreturn np.log(np.exp(s).sum()) - scores[partner]",
            "The value is not right",
        ),
        (
            "if len(scores) > 5: scores = 2 * scores\n"
            + PARTNERS
            + "return np.log(np.exp(others).sum()) - scores[partner]",
            "lower by 1",
        ),
    ],
    "08.1": [
        ("return ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=0)", "for each centre"),
        ("return ((points[:, None] - centres) ** 2).sum(axis=2).argmax(axis=1)", "farther away"),
        ("return np.abs(points[:, None] - centres).sum(axis=2).argmin(axis=1)", "crow flies"),
        ("return (points[:, None] - centres).sum(axis=2).argmin(axis=1)", "farther away"),
        ("return (centres - points[:, None]).sum(axis=2).argmin(axis=1)", "signs cancel"),
        (
            "d = ((points[:, None] - centres) ** 2).sum(axis=2)\n"
            "return len(centres) - 1 - d[:, ::-1].argmin(axis=1)",
            "equally near",
        ),
        ("return ((points[:, None] - centres) ** 2).sum(axis=2).min(axis=1)", "*number*"),
        ("return ((points - centres) ** 2).sum(axis=1).argmin()", "even for one"),
    ],
    "08.2": [
        ("return table.trace() / table.sum()", "diagonal"),
        (NAMED + "return table[linear_sum_assignment(table)].sum() / table.sum()", "*smallest*"),
        ("return table.max(axis=0).sum() / table.sum()", "may be given twice"),
        ("return table.max(axis=1).sum() / table.sum()", "claimed the same cluster"),
        (NAMED + "return table[linear_sum_assignment(table, True)].sum()", "divide by the number"),
        (
            NAMED + "r, c = linear_sum_assignment(table, True)\n"
            "return table[r, c].sum() / table[np.ix_(r, c)].sum()",
            "among all 18",
        ),
        (
            "left, right = table.copy(), 0\nfor _ in range(min(table.shape)):\n"
            "    r, c = np.unravel_index(left.argmax(), left.shape)\n"
            "    right += table[r, c]\n    left[r], left[:, c] = -1, -1\n"
            "return right / table.sum()",
            "taken first",
        ),
    ],
    "08.3": [
        (
            NAMED + "return table[linear_sum_assignment(table, maximize=True)].sum() / table.sum()",
            "may be named after the same",
        ),
        ("return table.max(axis=1).sum() / table.sum()", "along the classes"),
        ("return (table.max(axis=0) / table.sum(axis=0)).mean()", "Large clusters count more"),
        ("return table.max(axis=0).sum()", "divide by the number of all"),
        (
            "m, s = table.max(axis=0), table.sum(axis=0)\nreturn np.average(m / s, weights=s)",
            "without pictures",
        ),
    ],
    "08.4": [
        (TOGETHER + "return np.triu(a == b, 1).sum() / len(a) / (len(a) - 1)", "3 pairs"),
        ("return np.mean(first == second)", "number their clusters differently"),
        (TOGETHER + "return np.mean(a == b)", "no pair"),
        (TOGETHER + "return np.sum(np.triu(a == b, 1))", "number of pairs"),
        (
            TOGETHER + "i = np.triu_indices(len(a), 1)\nreturn (a & b)[i].sum() / a[i].sum()",
            "*apart* agree too",
        ),
        (
            "from sklearn.metrics import adjusted_rand_score\n"
            "return adjusted_rand_score(first, second)",
            "*adjusted*",
        ),
    ],
    "09.1": [
        (
            "r = []\nfor k in range(clusters.max() + 1):\n"
            "    own = np.flatnonzero(clusters == k)\n"
            "    d = ((embeddings[own] - embeddings[own].mean(axis=0)) ** 2).sum(axis=1)\n"
            "    r.append(own[d.argmax()])\nreturn np.array(r)",
            "*farthest*",
        ),
        ("return np.unique(clusters, return_index=True)[1]", "first pictures of their clusters"),
        (
            "r = []\nfor k in range(clusters.max() + 1):\n"
            "    own = embeddings[clusters == k]\n"
            "    r.append(((own - own.mean(axis=0)) ** 2).sum(axis=1).argmin())\n"
            "return np.array(r)",
            "place *within*",
        ),
        (
            "r = []\nfor k in range(clusters.max() + 1):\n"
            "    mean = embeddings[clusters == k].mean(axis=0)\n"
            "    r.append(((embeddings - mean) ** 2).sum(axis=1).argmin())\n"
            "return np.array(r)",
            "another cluster",
        ),
        (
            "return np.array([embeddings[clusters == k].mean() for k in range(2)])",
            "Asked for are indices",
        ),
    ],
    "09.2": [
        (MARGINS + "return probabilities.max(axis=1).argsort()[:n]", "Take the second off"),
        (MARGINS + "return margins.argsort()[::-1][:n]", "largest margins"),
        (
            "p = np.sort(probabilities, axis=1)\nreturn (p[:, -1] - p[:, 0]).argsort()[:n]",
            "Largest minus *smallest*",
        ),
        (MARGINS + "return np.sort(margins)[:n]", "Margins came back"),
        (
            "return (probabilities[:, 0] - probabilities[:, 1]).argsort()[:n]",
            "may stand in any column",
        ),
        (MARGINS + "return margins.argsort()", "Two pictures are asked for"),
        (MARGINS + 'return margins.argsort(kind="stable")[:n]', "that has a label already"),
        (
            MARGINS + "return np.delete(margins, known).argsort()[:n]",
            "places in a list without",
        ),
        (
            MARGINS + "margins[known] = np.inf\n"
            "return (len(margins) - 1 - margins[::-1].argsort(kind='stable'))[:n]",
            "smaller index comes first",
        ),
    ],
    "09.3": [
        (UNIT + "return (unit @ unit[known].T).argmax(axis=1)", "look up their"),
        (UNIT + "return classes[(unit @ unit[known].T).argmin(axis=1)]", "*least* similar"),
        (UNIT + "return classes[(unit[known] @ unit.T).argmax(axis=0)[:2]]", "Every picture gets"),
        (UNIT + "return (unit @ unit[known].T).max(axis=1)", "Similarities came back"),
        ("return classes[(embeddings @ embeddings[known].T).argmax(axis=1)]", "*direction* counts"),
        (
            "d = ((embeddings[:, None] - embeddings[known]) ** 2).sum(axis=2)\n"
            "return classes[d.argmin(axis=1)]",
            "*direction* counts",
        ),
        (
            UNIT + "return np.sort(classes)[(unit @ unit[np.sort(known)].T).argmax(axis=1)]",
            "the first in `known`",
        ),
    ],
    "10.1": [
        (PIECES + "return np.where(pieces == sizes.argmax(), 255, 0).astype(np.uint8)", "ground"),
        ("return mask.copy()", "All pieces are still there"),
        (PIECES + "return np.where(pieces == 1, 255, 0).astype(np.uint8)", "the first piece"),
        (
            PIECES
            + "sizes[0] = 0\nreturn np.where(pieces == sizes.argmax(), 0, 255).astype(np.uint8)",
            "are swapped",
        ),
        (PIECES + "sizes[0] = 0\nreturn pieces == sizes.argmax()", "white is 255"),
        (
            PIECES.replace("connectivity=8", "connectivity=4")
            + "sizes[0] = 0\nreturn np.where(pieces == sizes.argmax(), 255, 0).astype(np.uint8)",
            "touch at a corner",
        ),
        (
            PIECES
            + "sizes[0] = 0\nreturn np.where(pieces == sizes.argmax(), 255, 0).astype(np.uint8)",
            "without any white",
        ),
    ],
    "10.2": [
        (SURE + "return np.where(p > at_least, probabilities.argmax(axis=1), -1)", "sure enough"),
        ("return probabilities.argmax(axis=1)", "nobody was unsure"),
        (SURE + "return np.where(p >= at_least, probabilities.argmax(axis=1), 0)", "Unsure is -1"),
        (SURE + "return p >= at_least", "You say who is sure"),
        (SURE + "return probabilities.argmax(axis=1)[p >= at_least]", "unsure ones included"),
        (SURE + "return np.where(p >= at_least, p, -1)", "These are probabilities"),
    ],
    "10.3": [
        ("return np.mean(right / checked)", "Weigh the clusters"),
        ("return right.sum() / checked.sum()", "Weigh the clusters"),
        ("return np.sum(sizes * right / checked)", "per cent, or a number"),
        ("return 1 - np.average(right / checked, weights=sizes)", "*wrong*"),
        ("return right / checked", "One number"),
        (
            "return np.average(right / checked, weights=sizes * checked)",
            "Sum over the checks",
        ),
    ],
}
