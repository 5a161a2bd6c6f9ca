"""The target space and the losses. All vectors are normalised before they come here."""

import torch
import torch.nn as nn
import torch.nn.functional as F

KEEP = 0.2  # share of a picture's own vector that settling keeps: more helps colours, less helps unseen words
# Times the sharpness that naming learns. The last run learnt at 1.3; at its end 1, 1.1, 1.2 and 1.3 found 79.9, 80.1, 79.8, 79.2 of
# a hundred of kinds, and of pieces of pictures 1.3 found fewer by 1 to 7 in a hundred than 1.
SHARPER = 1.1
TRAITS = 16  # numbers that say of a picture what no concept says


class Traits(nn.Module):
    """The few directions of a vector in which colour lies, kept beside the share of all of it: keeping more of all
    costs unseen words, whose places only the concepts know. [n, D] -> [n, D]; starts as zeros."""

    def __init__(self, dimension):
        super().__init__()
        self.read = nn.Linear(dimension, TRAITS, bias=False)
        self.say = nn.Linear(TRAITS, dimension, bias=False)
        nn.init.zeros_(self.say.weight)

    def forward(self, vectors):
        return self.say(self.read(vectors))


def settle(vectors, concepts, scale, traits):
    """Moves picture vectors [n, D] to the mixture of the concepts [C, D] that they most likely show (ConSE, Norouzi et
    al. 2014) and keeps their traits and a share of the vector for what concepts do not say. -> [n, D]"""
    mixture = torch.softmax(SHARPER * scale * vectors @ concepts.t(), 1) @ concepts
    own = KEEP * vectors + traits(vectors)
    return F.normalize(own + (1 - KEEP) * F.normalize(mixture, dim=1), dim=1)


class TargetSpace(nn.Module):
    """Teacher vectors -> the shared space, by one learned matrix that starts as the identity. Every text passes the
    same matrix, so words that no picture ever showed keep their place among the others."""

    def __init__(self, concept_targets):
        super().__init__()
        self.matrix = nn.Parameter(torch.eye(concept_targets.shape[1]))
        self.register_buffer('concept_targets', concept_targets)

    def place(self, targets):
        """Teacher vectors [n, D] -> the shared space [n, D], normalised."""
        return F.normalize(targets @ self.matrix.t(), dim=1)

    def concepts(self):
        """[C, D], normalised"""
        return self.place(self.concept_targets)

    def drift(self):
        """How far the matrix has left the identity: unknown words lose their meaning as it grows."""
        return 0.3 * (self.matrix - torch.eye(len(self.matrix))).square().sum() / len(self.matrix)


def soft_cross_entropy(logits, target):
    """logits and target [n, classes]; each target row sums to 1."""
    return -(target * torch.log_softmax(logits, 1)).sum(1).mean()


def contrast(left, right, scale, also_fits):
    """Symmetric InfoNCE of left [n, D] and right [n, D]; also_fits bool[n, n] marks pairs that are no negatives."""
    logits = (scale * left @ right.t()).masked_fill(also_fits, -1e4)
    own = torch.arange(len(left))
    return 0.5 * (F.cross_entropy(logits, own) + F.cross_entropy(logits.t(), own))


def right_colour(vectors, texts, twins, scale):
    """Each vector is to lie nearer its text than the text's twin, which names another colour. all [n, D]"""
    if not len(vectors):
        return vectors.sum()
    return F.softplus(scale * (vectors * (twins - texts)).sum(1)).mean()


def terms_find_pictures(terms, pictures, scale, fits):
    """Each term ranks the pictures of the batch; those that it covers share the target. fits bool[terms, pictures]."""
    share = fits.float() / fits.float().sum(1, keepdim=True).clamp(min=1)
    return soft_cross_entropy(scale * terms @ pictures.t(), share)


def follow_teacher(student, target, concepts, scale=16.0):
    """Distillation of text vectors [n, D]: the teacher's direction, and its ranking of all concepts."""
    away = (1 - (student * target).sum(1)).mean()
    wanted = torch.log_softmax(scale * target @ concepts.t(), 1)
    got = torch.log_softmax(scale * student @ concepts.t(), 1)
    return 4 * away + (wanted.exp() * (wanted - got)).sum(1).mean()


def layout_losses(layout, mask, heat, offset):
    """layout [B, 4, h, w] against mask, centre heat [B, h, w], offset [B, 2, h, w] -> losses of mask, centre, offset.
    Masks: cross entropy plus soft Dice; centres: the penalty-reduced focal loss of CenterNet (Zhou et al. 2019)."""
    probability = torch.sigmoid(layout[:, 0])
    dice = 1 - (2 * (probability * mask).sum((1, 2)) + 1) / (probability.sum((1, 2)) + mask.sum((1, 2)) + 1)
    mask_loss = F.binary_cross_entropy_with_logits(layout[:, 0], mask) + 0.3 * dice.mean()
    found = torch.sigmoid(layout[:, 1]).clamp(1e-4, 1 - 1e-4)
    peak = heat > 0.99
    hit = -(torch.log(found) * (1 - found) ** 2)[peak].sum()
    miss = -(torch.log(1 - found) * found**2 * (1 - heat) ** 4)[~peak].sum()
    inside = mask[:, None]
    offset_loss = (F.smooth_l1_loss(layout[:, 2:], offset, reduction='none') * inside).sum() / (2 * inside.sum() + 1)
    return mask_loss, (hit + miss) / peak.sum().clamp(min=1), offset_loss
