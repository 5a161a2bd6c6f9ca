"""One graph as an ONNX file, and how far its answers lie from PyTorch's."""

import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch

OPSET = 17
TOLERANCE = 1e-4
SMALLEST = 100 * TOLERANCE  # answers that stay below say nothing about the weights


def answers_of(graph, trials):
    """What PyTorch gives: for each trial a list of tensors, one per output"""
    graph.module.eval()
    with torch.no_grad():
        given = [graph.module(*inputs) for inputs in trials]
    return [[one] if torch.is_tensor(one) else list(one) for one in given]


def write(graph, path, inputs, answer, one_file):
    """
    Weights of more than `one_file` bytes go into a second file beside, path + `_data`.
    -> {inputs, outputs}: name → shape, with a name for each free axis
    """
    graph.module.eval()  # the exporter gives it back as it found it
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter('ignore')
        raw = str(Path(folder) / 'raw.onnx')  # above 2 GB hundreds of files lie beside it, and only a string will do
        torch.onnx.export(
            graph.module,
            inputs,
            raw,
            input_names=graph.names,
            output_names=list(graph.outputs),
            dynamic_axes={**graph.axes, **graph.outputs},
            opset_version=OPSET,
            dynamo=False,
        )
        model = onnx.load(raw)
    for value, tensor in zip(model.graph.output, answer, strict=True):
        name_axes(value, tensor.shape, graph.outputs[value.name])
    weights = sum(len(tensor.raw_data) for tensor in model.graph.initializer)
    signature = {'inputs': shapes(model.graph.input), 'outputs': shapes(model.graph.output)}
    onnx.save(model, path, save_as_external_data=weights > one_file, location=data_of(path).name)
    onnx.checker.check_model(path)
    return signature


def data_of(path):
    return path.with_name(f'{path.name}_data')


def name_axes(value, shape, free):
    """Numbers for the axes that never change: the exporter leaves those unknown that it worked out while running."""
    for at, (axis, length) in enumerate(zip(value.type.tensor_type.shape.dim, shape, strict=True)):
        if at not in free:
            axis.Clear()
            axis.dim_value = length


def shapes(values):
    return {
        value.name: [axis.dim_param or axis.dim_value for axis in value.type.tensor_type.shape.dim] for value in values
    }


def worst_difference(graph, path, trials, answers):
    """-> the largest difference over all trials and outputs"""
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    worst = 0.0
    for inputs, answer in zip(trials, answers, strict=True):
        fed = {name: value.numpy() for name, value in zip(graph.names, inputs, strict=True)}
        for got, wanted in zip(session.run(list(graph.outputs), fed), answer, strict=True):
            # np.maximum keeps a NaN, where max() would drop it.
            worst = float(np.maximum(worst, np.abs(got - wanted.numpy()).max()))
    return worst


def allowed(largest):
    """1e-4; of values above ten 1e-5 of the largest, since the rounding of float32 grows with them."""
    return TOLERANCE * max(1.0, largest / 10)
