"""The kinds of model that can be exported, and how each becomes graphs with the names that manifests use."""

from collections.abc import Callable
from dataclasses import dataclass, field
from inspect import signature

import torch
from torch import nn
from transformers import AutoModel, BeitForSemanticSegmentation
from transformers.utils import cached_file

from fixed_size import fix_pooling, share_position_index
from pictures import size_of


class Refused(Exception):
    """The model cannot be exported as it is; the message says why."""


@dataclass
class Graph:
    """One file: its role in the manifest, its path, the module, what it is fed and what each axis means."""

    role: str
    path: str
    module: nn.Module
    names: list[str]
    outputs: dict[str, dict[int, str]]
    """Output → its dynamic axes."""
    axes: dict[str, dict[int, str]]
    """Input → its dynamic axes."""
    inputs: Callable[[int], tuple]
    """Function of the number of rows → tuple of tensors."""
    size: int | None = None
    """Pixels of a side, where it takes pictures."""
    prepare: Callable[[], None] = lambda: None
    """Changes the module into a form that the exporter can follow, once PyTorch has given its answers."""


@dataclass
class Model:
    graphs: list[Graph]
    facts: dict = field(default_factory=dict)
    """What else a manifest holds."""
    copies: dict[str, str] = field(default_factory=dict)
    """Role → file of the source that goes along as it is."""


class Calls(nn.Module):
    """A module whose forward is a function of another module."""

    def __init__(self, model, function):
        super().__init__()
        self.model, self.function = model, function

    def forward(self, *inputs):
        return self.function(self.model, *inputs)


# Counts how often a normalisation was trained; no answer depends on it.
COUNTER = '.num_batches_tracked'


def loaded(of, source, revision, unused):
    """
    The model in float32 with the plain attention, which the exporter can follow, and which weights it lacks. Weights
    that a checkpoint lacks would be random: they are refused, unless they begin with `unused`.
    """
    model, info = of.from_pretrained(
        source, revision=revision, dtype=torch.float32, attn_implementation='eager', output_loading_info=True
    )
    missing = sorted(key for key in info['missing_keys'] if not key.endswith(COUNTER))
    lacking = [key for key in missing if not (unused and key.startswith(unused))]
    if lacking or info['mismatched_keys']:
        first = ', '.join([*lacking, *map(str, info['mismatched_keys'])][:4])
        raise Refused(f'{source} lacks weights of {of.__name__}: {first}, {len(lacking)} in all')
    return model.eval(), missing


def random_pictures(size):
    return lambda rows: (torch.rand(rows, 3, size, size) * 2 - 1,)


def picture_graph(path, module, size, outputs, prepare=lambda: None):
    batch = {0: 'batch'}
    return Graph(
        'image', path, module, ['pixel_values'], {name: batch for name in outputs}, {'pixel_values': batch},
        random_pictures(size), size, prepare,
    )  # fmt: skip


def beit_semantic(source, revision):
    """pixel_values [B, 3, S, S] → logits [B, classes, S/4, S/4], S being the size that the model was trained at."""
    model, _ = loaded(BeitForSemanticSegmentation, source, revision, 'auxiliary_head.')
    size = model.config.image_size

    def prepare():
        fix_pooling(model, lambda: model(torch.zeros(1, 3, size, size)))
        share_position_index(model)

    module = Calls(model, lambda whole, pixels: whole(pixel_values=pixels).logits)
    names = model.config.id2label
    labels = [names[index] for index in range(len(names))]
    return Model([picture_graph('onnx/model.onnx', module, size, ['logits'], prepare)], {'labels': labels})


def image_model(source, revision):
    """-> the model, the side of its pictures, what else it is called with, what prepares it, whether it pools"""
    model, missing = loaded(AutoModel, source, revision, 'pooler.')
    if model.main_input_name != 'pixel_values':
        raise Refused(
            f'{source} is a {model.config.model_type}, which takes {model.main_input_name} and no pictures alone'
        )
    size = size_of(source, revision, model.config)
    own = size == getattr(model.config, 'image_size', size)
    more = {}
    if not own and 'interpolate_pos_encoding' in signature(model.forward).parameters:
        more['interpolate_pos_encoding'] = True

    def run():
        return model(pixel_values=torch.zeros(1, 3, size, size), **more)

    def prepare():
        fix_pooling(model, run)
        if own:
            share_position_index(model)

    with torch.no_grad():
        given = run()
    pooled = not missing and given.get('pooler_output') is not None
    return model, size, more, prepare, pooled


def image_encoder(source, revision):
    """pixel_values → last_hidden_state [B, tokens, D] (a map [B, D, h, w] of ConvNets) and, if the weights hold it,
    pooler_output [B, D]."""
    model, size, more, prepare, pooled = image_model(source, revision)
    outputs = ['last_hidden_state', 'pooler_output'] if pooled else ['last_hidden_state']

    def call(whole, pixels):
        given = whole(pixel_values=pixels, **more)
        return tuple(given[name] for name in outputs)

    return Model([picture_graph('onnx/model.onnx', Calls(model, call), size, outputs, prepare)])


def image_features(source, revision):
    """pixel_values → embedding [B, D], the pooled output."""
    model, size, more, prepare, pooled = image_model(source, revision)
    if not pooled:
        raise Refused(f'{source} has no pooled output, or lacks its weights: kind image-encoder gives the tokens')

    def call(whole, pixels):
        return whole(pixel_values=pixels, **more).pooler_output.flatten(1)

    return Model([picture_graph('onnx/model.onnx', Calls(model, call), size, ['embedding'], prepare)])


def clip(source, revision):
    """CLIP or SigLIP as two towers: pixel_values → image_embeds, input_ids [B, length] → text_embeds; unnormalised."""
    model, _ = loaded(AutoModel, source, revision, None)
    if not hasattr(model, 'text_model') or not hasattr(model, 'vision_model'):
        raise Refused(f'{source} is a {model.config.model_type}, not a CLIP or SigLIP with two towers')
    size = getattr(model.config.vision_config, 'image_size', None)
    if not isinstance(size, int):
        raise Refused(f'{source} takes pictures of no fixed size, which one ONNX file with fixed positions cannot')
    projected = hasattr(model, 'visual_projection')

    def image(whole, pixels):
        pooled = whole.vision_model(pixel_values=pixels).pooler_output
        return whole.visual_projection(pooled) if projected else pooled

    def text(whole, ids):
        pooled = whole.text_model(input_ids=ids).pooler_output
        return whole.text_projection(pooled) if projected else pooled

    words = model.config.text_config
    length = words.max_position_embeddings
    end = words.eos_token_id

    def sentences(rows):
        # Shorter than the context, so that a fixed length would show; CLIP pools at the first end.
        ids = torch.randint(0, words.vocab_size - 2, (rows, length if rows == 2 else max(2, length // 2)))
        ids[:, -1] = end if isinstance(end, int) and end < words.vocab_size else words.vocab_size - 1
        return (ids,)

    towers = [
        picture_graph('onnx/vision_model.onnx', Calls(model, image), size, ['image_embeds']),
        Graph(
            'text', 'onnx/text_model.onnx', Calls(model, text), ['input_ids'], {'text_embeds': {0: 'batch'}},
            {'input_ids': {0: 'batch', 1: 'length'}}, sentences,
        ),
    ]  # fmt: skip
    facts = {'context': length, 'vocabulary': words.vocab_size, 'logit_scale': model.logit_scale.exp().item()}
    if getattr(model, 'logit_bias', None) is not None:
        facts['logit_bias'] = model.logit_bias.item()
    tokenizer = cached_file(source, 'tokenizer.json', revision=revision, _raise_exceptions_for_missing_entries=False)
    return Model(towers, facts, {'tokenizer': tokenizer} if tokenizer else {})


KINDS = {
    'beit-semantic': beit_semantic,
    'image-encoder': image_encoder,
    'image-features': image_features,
    'clip': clip,
}
