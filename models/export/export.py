"""Writes a PyTorch model as ONNX, compares the two, and says what was written in one line of JSON.

python export.py --kind KIND --source FOLDER_OR_HUB_ID --target FOLDER
                 [--revision SHA] [--picture FILE] [--one-file BYTES]

KIND is one of kinds.KINDS. SOURCE is what from_pretrained takes. The last line of stdout is
{"files": {ROLE: {path, bytes, sha256, inputs, outputs, max_abs, largest}}, "max_abs": number, "labels": [...]?};
a fault ends the program with one line on stderr and a status of 1.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import torch
from transformers.utils import logging

from kinds import KINDS, Refused
from onnx_file import SMALLEST, allowed, answers_of, data_of, worst_difference, write
from pictures import pixels_of


def main():
    asked = arguments()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    torch.manual_seed(0)
    torch.backends.mha.set_fastpath_enabled(False)
    print(f'reading {asked.source}', flush=True)
    model = KINDS[asked.kind](asked.source, asked.revision)
    files = {}
    for graph in model.graphs:
        print(f'writing {graph.path}', flush=True)
        files[graph.role] = exported(graph, asked)
        data = data_of(asked.target / graph.path)
        if data.exists():
            files[f'{graph.role}-data'] = facts(data, asked.target)
        print(f'{graph.path} equals PyTorch within {files[graph.role]["max_abs"]:.1e}', flush=True)
    for role, origin in model.copies.items():
        copy = asked.target / Path(origin).name
        copy.write_bytes(Path(origin).read_bytes())
        files[role] = facts(copy, asked.target)
    compared = [file['max_abs'] for file in files.values() if 'max_abs' in file]
    print(json.dumps({'files': files, 'max_abs': max(compared), **model.facts}), flush=True)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--kind', required=True, choices=sorted(KINDS))
    parser.add_argument('--source', required=True)
    parser.add_argument('--revision')
    parser.add_argument('--target', required=True, type=Path)
    parser.add_argument('--picture', help='compared besides random input')
    parser.add_argument(
        '--one-file', type=int, default=2**31 - 2**24, help='most bytes of weights inside an .onnx file'
    )
    return parser.parse_args()


def exported(graph, asked):
    """One graph as a file, compared on two random rows, on one, and on a picture where the graph takes pictures."""
    path = asked.target / graph.path
    path.parent.mkdir(parents=True, exist_ok=True)
    trials = [graph.inputs(2), graph.inputs(1)]
    if graph.size and asked.picture:
        trials.append((pixels_of(asked.picture, graph.size),))
    answers = answers_of(graph, trials)  # before the module is changed for the exporter
    graph.prepare()
    signature = write(graph, path, trials[0], answers[0], asked.one_file)
    worst = worst_difference(graph, path, trials, answers)
    largest = max(float(value.abs().max()) for answer in answers for value in answer)
    if largest < SMALLEST:
        raise Refused(f'{graph.path} answers with at most {largest:.1e}: too little to compare by')
    if not worst <= allowed(largest):  # NaN is refused too
        raise Refused(f'{graph.path} differs from PyTorch by {worst:.2e}, at most {allowed(largest):.0e} is allowed')
    return {**facts(path, asked.target), **signature, 'max_abs': worst, 'largest': largest}


def facts(path, folder):
    content = path.read_bytes()
    name = path.relative_to(folder).as_posix()
    return {'path': name, 'bytes': len(content), 'sha256': hashlib.sha256(content).hexdigest()}


if __name__ == '__main__':
    try:
        main()
    except (Refused, OSError, ValueError) as fault:
        sys.exit(' '.join(str(fault).split()))
