"""What the exporter cannot follow or would blow up, put in forms that are fixed for one size of picture."""

import torch
from torch import nn
from transformers.models.beit.modeling_beit import BeitRelativePositionBias


class FixedPooling(nn.Module):
    """Adaptive average pooling of maps [.., h, w] → [.., rows, columns] as two matrix products."""

    def __init__(self, before, after):
        super().__init__()
        self.register_buffer('down', averaging(before[0], after[0]))
        self.register_buffer('right', averaging(before[1], after[1]).T.contiguous())

    def forward(self, maps):
        return self.down @ maps @ self.right


def averaging(before, after):
    """[after, before]: row i takes the mean from floor(i · before / after) to ceil((i + 1) · before / after)."""
    weights = torch.zeros(after, before)
    for row in range(after):
        start, end = row * before // after, -(-(row + 1) * before // after)
        weights[row, start:end] = 1 / (end - start)
    return weights


def fix_pooling(model, run):
    """Replaces every adaptive pooling by matrix products for the sizes that it meets while `run` runs the model."""
    found = {module: name for name, module in model.named_modules() if isinstance(module, nn.AdaptiveAvgPool2d)}
    if not found:
        return
    seen = {}

    def look(module, inputs):
        seen[module] = tuple(inputs[0].shape[-2:])

    watching = [module.register_forward_pre_hook(look) for module in found]
    with torch.no_grad():
        run()
    for watch in watching:
        watch.remove()
    for module, name in found.items():
        after = module.output_size if isinstance(module.output_size, tuple) else (module.output_size,) * 2
        if module in seen:
            replace(model, name, FixedPooling(seen[module], after))


class PositionBias(nn.Module):
    """BEiT's bias of attention by relative position, at the size that the table was trained for: [1, heads, N, N].

    The table gets a zero that depends on the picture. Else a runtime would work out every layer's bias when it loads
    the file and keep it: 120 MB for each of 12 layers at 640 px.
    """

    def __init__(self, table, index):
        super().__init__()
        self.table = table
        self.register_buffer('index', index)
        self.zero = None

    def forward(self, window_size, interpolate_pos_encoding=False, dim_size=None):
        tokens = self.index.shape[0]
        rows = (self.table + self.zero)[self.index.view(-1)]
        return rows.view(tokens, tokens, -1).permute(2, 0, 1).unsqueeze(0)


def share_position_index(model):
    """All layers of a BEiT read their tables by one index instead of a copy each; other models stay as they are."""
    found = [(name, module) for name, module in model.named_modules() if isinstance(module, BeitRelativePositionBias)]
    if not found:
        return
    index = BeitRelativePositionBias.generate_relative_position_index(found[0][1].window_size).int()
    biases = [PositionBias(module.relative_position_bias_table, index) for _, module in found]
    for (name, _), bias in zip(found, biases, strict=True):
        replace(model, name, bias)

    def pass_zero(module, args, kwargs):
        pixels = kwargs['pixel_values'] if 'pixel_values' in kwargs else args[0]
        for bias in biases:
            bias.zero = pixels[:1, :1, 0, 0] * 0

    model.register_forward_pre_hook(pass_zero, with_kwargs=True)


def replace(model, name, module):
    parent, _, own = name.rpartition('.')
    setattr(model.get_submodule(parent), own, module)
