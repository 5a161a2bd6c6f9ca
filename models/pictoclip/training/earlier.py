"""The weights of shipped files, widened again, so that a run can go on from them where no checkpoint was kept."""

from dataclasses import dataclass

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from objectives import SHARPER


@dataclass
class Earlier:
    """The image tower's weights by name, the concept vectors [C, D] and the sharpness of settling."""

    image: dict
    concepts: torch.Tensor
    scale: float

    def turn(self, concepts):
        """Turns what the tower says into the space in which its concepts lie at [C, D]: the last layers are linear."""
        turn = torch.linalg.lstsq(self.concepts, concepts).solution.t()
        for name in ('project', 'dense.2'):
            weight = self.image[f'{name}.weight']
            self.image[f'{name}.weight'] = (turn @ weight.flatten(1)).view_as(weight)
            self.image[f'{name}.bias'] = turn @ self.image[f'{name}.bias']
        self.concepts = concepts


def read_earlier(folder):
    """-> what a run can start from: image.onnx and settle.onnx of the folder"""
    image, settle = onnx.load(f'{folder}/image.onnx'), onnx.load(f'{folder}/settle.onnx')
    weights = {name.removeprefix('tower.'): value for name, value in widened(image).items()}
    scales = [number for number in constants(settle) if number > 1]
    return Earlier(weights, widened(settle)['concepts'], scales[0] / SHARPER)


def widened(model):
    """The initializers as float32 tensors, 8-bit rows times their scales."""
    arrays = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    out = {}
    for name, array in arrays.items():
        if name.endswith('.int8'):
            whole = name.removesuffix('.int8')
            out[whole] = torch.from_numpy(array.astype(np.float32) * arrays[f'{whole}.scale'])
        elif not name.endswith('.scale'):
            out[name] = torch.from_numpy(array.copy())
    return out


def constants(model):
    """The single numbers that stand in the graph."""
    for node in model.graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.TENSOR and numpy_helper.to_array(attribute.t).size == 1:
                yield float(numpy_helper.to_array(attribute.t).reshape(-1)[0])
