"""The size of picture that a model takes, and a picture at that size."""

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers.utils import cached_file


def size_of(source, revision, config):
    """Pixels of a side: what the preprocessor cuts or scales to, else the config's own (DINOv2's differs: 518)."""
    path = cached_file(
        source, 'preprocessor_config.json', revision=revision, _raise_exceptions_for_missing_entries=False
    )
    rule = json.loads(Path(path).read_text(encoding='utf8')) if path else {}
    crop = rule.get('crop_size') if rule.get('do_center_crop') else None
    for size in (crop, rule.get('size'), getattr(config, 'image_size', None), 224):
        if isinstance(size, dict):
            size = size.get('height') or size.get('shortest_edge')
        if isinstance(size, (list, tuple)):
            size = size[0]
        if size:
            return int(size)


def pixels_of(path, size):
    """float32 [1, 3, size, size] in -1..1, about what every model's mean and std make of a photograph"""
    with Image.open(path) as picture:
        small = picture.convert('RGB').resize((size, size), Image.Resampling.BILINEAR)
    return torch.from_numpy(np.asarray(small, np.float32).transpose(2, 0, 1)[None] / 127.5 - 1)
