"""A checkpoint as the files that are shipped: three ONNX graphs with weights of 8 and 4 bits, the word list, the concepts.

python export.py --work DIR        writes to the folder above this one
"""

import argparse
import json
import os
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn as nn
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper

from lexicon import Lexicon
from objectives import settle
from tokenizer import Tokenizer
from train import Pictoclip

OPSET = 17
SMALLEST = 1024  # weights of fewer numbers stay as they are
NIBBLES = {'nibble.share': 1 / 16, 'nibble.size': 16, 'nibble.middle': 8}  # to take bytes apart in the graph
HERE = Path(__file__).resolve().parent


class ImageModel(nn.Module):
    """image float32[B, 3, S, S] in 0..1 -> vector [B, D] and dense [B, D, S/4, S/4], both to be settled; layout
    [B, 4, S/2, S/2] = probability of an object, of a centre, offset x and y to the centre in pixels of the map."""

    def __init__(self, tower):
        super().__init__()
        self.tower = tower

    def forward(self, image):
        vector, dense, layout = self.tower(image)
        return vector, dense, torch.cat([torch.sigmoid(layout[:, :2]), layout[:, 2:] * (layout.shape[-1] / 4)], 1)


class Settle(nn.Module):
    """vectors [N, D] of any length -> embedding [N, D], normalised; of whole pictures and pooled segments alike."""

    def __init__(self, model):
        super().__init__()
        self.register_buffer('concepts', model.space.concepts().detach())
        self.scale, self.traits = model.concept_scale.item(), model.traits

    def forward(self, vectors):
        return settle(F.normalize(vectors, dim=1), self.concepts, self.scale, self.traits)


class TextModel(nn.Module):
    """words int64[B, T], ngrams int64[B, T, 20] (tokenizer.Tokenizer.encode) -> embedding [B, D], normalised"""

    def __init__(self, tower):
        super().__init__()
        self.tower = tower

    def forward(self, words, ngrams):
        return F.normalize(self.tower.forward_plain(words, ngrams), dim=1)


def graphs_of(model, tokenizer):
    """-> {file name: (module, example inputs, {input or output name: its dynamic axes})}"""
    texts = tuple(map(torch.from_numpy, tokenizer.encode(['a red fox', 'two pizzas on a blue background'])))
    return {
        'image': (
            ImageModel(model.image),
            (torch.rand(2, 3, 96, 96),),
            {
                'image': {0: 'B', 2: 'S', 3: 'S'},
                'vector': {0: 'B'},
                'dense': {0: 'B', 2: 's', 3: 's'},
                'layout': {0: 'B', 2: 'm', 3: 'm'},
            },
        ),
        'settle': (Settle(model), (torch.rand(3, 256),), {'vectors': {0: 'N'}, 'embedding': {0: 'N'}}),
        'text': (
            TextModel(model.text),
            texts,
            {'words': {0: 'B', 1: 'T'}, 'ngrams': {0: 'B', 1: 'T'}, 'embedding': {0: 'B'}},
        ),
    }


def to_onnx(module, inputs, axes, path):
    """The float32 graph. Its constants are not folded: folding would store the concepts twice, once transposed."""
    names = list(axes)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # about constants that could have been folded
        torch.onnx.export(
            module.eval(),
            inputs,
            path,
            opset_version=OPSET,
            input_names=names[: len(inputs)],
            output_names=names[len(inputs) :],
            dynamic_axes=axes,
            dynamo=False,
            do_constant_folding=False,
        )
    return onnx.load(path)


def shrink(graph):
    """Matrices of the graph become int8 with one float scale per row (output channel); Cast and Mul widen them again,
    which the runtime folds when it loads them. Tables of words become 4-bit rows, widened after Gather, row by row: at
    the same size twice as many numbers say more of a word than twice as fine ones."""
    nodes, initializers = [], []
    large = {
        t.name: t
        for t in graph.initializer
        if t.data_type == TensorProto.FLOAT and len(t.dims) > 1 and np.prod(t.dims) >= SMALLEST
    }
    gathered = {node.input[0] for node in graph.node if node.op_type == 'Gather'}
    for tensor in graph.initializer:
        if tensor.name not in large:
            initializers.append(tensor)
            continue
        table = tensor.name in gathered
        rows, scale = (to_int4 if table else to_int8)(numpy_helper.to_array(tensor))
        initializers += [
            numpy_helper.from_array(rows, f'{tensor.name}.{"int4" if table else "int8"}'),
            numpy_helper.from_array(scale, f'{tensor.name}.scale'),
        ]
        if not table:
            nodes += widen(f'{tensor.name}.int8', f'{tensor.name}.scale', tensor.name)
    if gathered & large.keys():
        initializers += [numpy_helper.from_array(np.float32(value), name) for name, value in NIBBLES.items()]
    for node in graph.node:
        nodes += gather_rows(node) if node.op_type == 'Gather' and node.input[0] in large else [node]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(initializers)


def to_int8(weights):
    """float[rows, ...] -> int8[rows, ...] and the rows' scales float32[rows, 1, ...]"""
    largest = np.abs(weights).max(axis=tuple(range(1, weights.ndim)), keepdims=True)
    scale = np.maximum(largest, 1e-8).astype(np.float32) / 127
    return np.rint(weights / scale).astype(np.int8), scale


def to_int4(weights):
    """float[rows, 2 n] -> uint8[rows, n] and the rows' scales float32[rows, 1]: number i of a row in the lower four bits,
    number n + i in the upper, both 8 too large. The scale is the one of five that keeps a row best."""
    scales = np.maximum(np.abs(weights).max(1, keepdims=True), 1e-8) / 7 * np.float32([0.6, 0.7, 0.8, 0.9, 1.0])
    errors = [np.square(weights - scale * steps(weights, scale)).sum(1) for scale in scales.T[..., None]]
    best = np.argmin(errors, 0)
    scale = np.take_along_axis(scales, best[:, None], 1).astype(np.float32)
    low, high = np.split((steps(weights, scale) + 8).astype(np.uint8), 2, axis=1)
    return low | high << 4, scale


def steps(weights, scale):
    """The weights as whole numbers -7..7 of their row's scale"""
    return np.clip(np.rint(weights / scale), -7, 7)


def widen(rows, scale, name):
    """Nodes for: name = float(rows) * scale"""
    return [
        helper.make_node('Cast', [rows], [f'{name}.float'], to=TensorProto.FLOAT),
        helper.make_node('Mul', [f'{name}.float', scale], [name]),
    ]


def gather_rows(node):
    """A Gather of float rows -> a Gather of 4-bit rows, unpacked by arithmetic that opset 17 has, times their scales"""
    table, index, out = node.input[0], node.input[1], node.output[0]
    return [
        helper.make_node('Gather', [f'{table}.int4', index], [f'{out}.rows'], axis=0),
        helper.make_node('Gather', [f'{table}.scale', index], [f'{out}.scale'], axis=0),
        helper.make_node('Cast', [f'{out}.rows'], [f'{out}.bytes'], to=TensorProto.FLOAT),
        helper.make_node('Mul', [f'{out}.bytes', 'nibble.share'], [f'{out}.shifted']),
        helper.make_node('Floor', [f'{out}.shifted'], [f'{out}.high']),
        helper.make_node('Mul', [f'{out}.high', 'nibble.size'], [f'{out}.upper']),
        helper.make_node('Sub', [f'{out}.bytes', f'{out}.upper'], [f'{out}.low']),
        helper.make_node('Concat', [f'{out}.low', f'{out}.high'], [f'{out}.both'], axis=-1),
        helper.make_node('Sub', [f'{out}.both', 'nibble.middle'], [f'{out}.steps']),
        helper.make_node('Mul', [f'{out}.steps', f'{out}.scale'], [out]),
    ]


def load_model(work):
    """-> (model in evaluation mode, what train.save wrote beside the weights)"""
    stored = torch.load(f'{work}/model.pt')
    weights = stored.pop('weights')
    model = Pictoclip(weights['space.concept_targets'])
    model.load_state_dict(weights)
    return model.eval(), stored


def replace(path, content):
    """Writes bytes under a temporary name and renames: a reader never sees half a file."""
    temporary = path.with_name(f'.{path.name}.part')
    temporary.write_bytes(content)
    os.replace(temporary, path)


def export(work, lexicon, folder):
    """Writes image.onnx, settle.onnx, text.onnx, words.txt and concepts.json into the folder -> their sizes in bytes"""
    model, _ = load_model(work)
    words = json.loads(Path(work, 'vocabulary.json').read_text())['words']
    tokenizer = Tokenizer(words)
    for name, (module, inputs, axes) in graphs_of(model, tokenizer).items():
        proto = to_onnx(module, inputs, axes, f'{work}/{name}.float.onnx')
        shrink(proto.graph)
        onnx.checker.check_model(proto)
        replace(folder / f'{name}.onnx', proto.SerializeToString())
    replace(folder / 'words.txt', ('\n'.join(words) + '\n').encode())
    replace(folder / 'concepts.json', concept_list(lexicon).encode())
    return {
        name: (folder / name).stat().st_size
        for name in ('image.onnx', 'settle.onnx', 'text.onnx', 'words.txt', 'concepts.json')
    }


def concept_list(lexicon):
    """One concept per line, in the order of the model's concept vectors."""
    keep = ('label', 'hex', 'group', 'subgroup', 'tags')
    lines = [
        json.dumps({key: concept[key] for key in keep}, ensure_ascii=False, separators=(',', ':'))
        for concept in lexicon.concepts
    ]
    return '[\n' + ',\n'.join(lines) + '\n]\n'


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--work', default=str(HERE / '.work'))
    options = parser.parse_args()
    print(export(options.work, Lexicon(options.work), HERE.parent))
