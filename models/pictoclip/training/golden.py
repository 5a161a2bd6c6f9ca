"""What the trained float32 model says of three drawn patterns and of some texts, as reference values for the runtime.

python golden.py --work DIR        writes golden.json beside this file
"""

import argparse
import json

import numpy as np
import torch
import torch.nn.functional as F

from export import HERE, graphs_of, load_model, replace
from tokenizer import Tokenizer

TEXTS = ['fox', 'two pizzas on a blue background', 'spectacles', 'ein roter Apfel', '赤い車', 'qwrtzp']
PATTERNS = 3
SIDE = 96


def pattern(number):
    """uint8 [96, 96, 3]: whole numbers only, so that any language draws the same."""
    y, x, channel = np.mgrid[:SIDE, :SIDE, :3]
    near = (x - 30 - 15 * number) ** 2 + (y - 48) ** 2 < 600 + 200 * number
    ground = (x * (2 + number) + y * 3 + channel * 60) // 4
    return np.where(near, 230 - 80 * channel * (number + 1) % 200, ground % 256).astype(np.uint8)


@torch.no_grad()
def golden(work):
    """-> {pictures: [{vector, embedding, dense, layout}], texts: [{text, embedding}]}; of dense and layout the means."""
    model, _ = load_model(work)
    with open(f'{work}/vocabulary.json') as file:
        tokenizer = Tokenizer(json.load(file)['words'])
    graphs = {name: module.eval() for name, (module, _, _) in graphs_of(model, tokenizer).items()}
    images = torch.from_numpy(np.stack([pattern(number) for number in range(PATTERNS)])).permute(0, 3, 1, 2) / 255
    vector, dense, layout = graphs['image'](images)
    embedding = graphs['settle'](vector)
    texts = graphs['text'](*map(torch.from_numpy, tokenizer.encode(TEXTS)))
    rows = zip(F.normalize(vector, dim=1), embedding, dense.mean((2, 3)), layout.mean((2, 3)))
    names = ('vector', 'embedding', 'dense', 'layout')
    return {
        'pictures': [dict(zip(names, [numbers(part) for part in row])) for row in rows],
        'texts': [{'text': text, 'embedding': numbers(row)} for text, row in zip(TEXTS, texts)],
    }


def numbers(values):
    return [round(value, 5) for value in values.tolist()]


def write_golden(work):
    """Whole or not at all."""
    replace(HERE / 'golden.json', (json.dumps(golden(work), ensure_ascii=False) + '\n').encode())


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--work', default=str(HERE / '.work'))
    write_golden(parser.parse_args().work)
