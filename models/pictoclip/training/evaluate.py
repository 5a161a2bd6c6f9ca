"""How good the exported files are, on pictures with known truth. Nothing here chooses anything.

python evaluate.py --work DIR [--files FOLDER]        writes measured.json
"""

import argparse
import json
import random
import re
from pathlib import Path

import numpy as np
import onnxruntime
import torch
import torch.nn.functional as F

from drawing import Look, compose
from export import HERE, graphs_of, load_model
from lexicon import COLOUR_NAMES, Lexicon, with_article
from scenes import ALL_SETS, LAYOUTS, SETS, IconBank, Scene, Thing
from segments import instances, mask_iou
from tokenizer import Tokenizer, words_of
from towers import pool_segments
from vocabulary import misspell

SIZE = 96
TINTS = ['red', 'green', 'blue', 'yellow', 'purple']


class Shipped:
    """The exported graphs, run by onnxruntime."""

    def __init__(self, folder):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 2
        options.add_session_config_entry('session.intra_op.allow_spinning', '0')
        self.sessions = {
            name: onnxruntime.InferenceSession(f'{folder}/{name}.onnx', options, providers=['CPUExecutionProvider'])
            for name in ('image', 'settle', 'text')
        }
        self.tokenizer = Tokenizer(Path(folder, 'words.txt').read_text().split('\n')[:-1])

    def run(self, name, *inputs):
        """Tensors in, tensors out, in the graph's order."""
        session = self.sessions[name]
        return [
            torch.from_numpy(out)
            for out in session.run(None, {i.name: np.asarray(x) for i, x in zip(session.get_inputs(), inputs)})
        ]

    def look(self, image):
        """image [B, 3, S, S] -> vector, dense, layout"""
        return [torch.cat(parts) for parts in zip(*[self.run('image', part) for part in image.split(64)])]

    def settle(self, vectors):
        return self.run('settle', vectors)[0]

    def pictures(self, image):
        """[B, 3, S, S] -> embeddings [B, D]"""
        return torch.cat([self.settle(self.run('image', part)[0]) for part in image.split(64)])

    def texts(self, texts):
        """-> embeddings [n, D]"""
        return torch.cat(
            [self.run('text', *self.tokenizer.encode(texts[i : i + 256]))[0] for i in range(0, len(texts), 256)]
        )

    def segments(self, dense, layout):
        """One picture's dense [D, h, w] and layout [4, 2h, 2w] -> masks bool[n, 2h, 2w], embeddings [n, D]"""
        masks = instances(layout)
        if not len(masks):
            return masks, torch.zeros(0, dense.shape[0])
        cells = F.avg_pool2d(masks[:, None].float(), 2)[:, 0]
        return masks, self.settle(pool_segments(dense[None], cells, torch.zeros(len(masks), dtype=torch.long)))


def share(values):
    """Mean of truth values or shares, 0..1, three digits; None where nothing was asked"""
    values = [float(value) for value in values]
    return round(float(np.mean(values)), 3) if values else None


def recall(score, gold):
    """score [queries, gallery], gold int64[queries] -> {k: share of queries with their picture among the best k}"""
    rank = (score > score.gather(1, gold[:, None])).sum(1)
    return {f'recallAt{k}': share(rank < k) for k in (1, 5, 10)}


def upright(plain):
    """Icons as the sets draw them, on white for the share `plain`, else on random grounds."""
    return Look(SIZE, augment=False, plain=plain)


def draw(bank, lexicon, scenes, seed, look):
    """-> image [B, 3, S, S], instance [B, S/2, S/2]"""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    parts = [compose(bank, lexicon, scenes[i : i + 128], rng, look) for i in range(0, len(scenes), 128)]
    return tuple(torch.cat(part) for part in zip(*parts))


class Icons:
    """Single icons of one set: labels, kinds and synonyms find them."""

    def __init__(self, shipped, lexicon, bank):
        self.shipped, self.lexicon, self.bank, self.concepts = shipped, lexicon, bank, bank.drawn()
        self.labels = [lexicon.names[concept][0] for concept in self.concepts]
        self.clean = self.gallery(1, upright(1.0))

    def gallery(self, seed, look):
        scenes = [self.bank.clean(concept) for concept in self.concepts]
        return self.shipped.pictures(draw(self.bank, self.lexicon, scenes, seed, look)[0])

    def find(self, texts, gallery):
        return recall(self.shipped.texts(texts) @ gallery.t(), torch.arange(len(self.concepts)))

    def measure(self, queries):
        rng = random.Random(1)
        return {
            'clean': self.find(self.labels, self.clean),
            'hardBackgrounds': self.find(self.labels, self.gallery(2, Look(SIZE, plain=0.2))),
            'sentence': self.find(
                [f'I am looking for a picture of {with_article(label)}' for label in self.labels], self.clean
            ),
            'misspelt': self.find([misspell(label, rng) for label in self.labels], self.clean),
            'kinds': {'precisionAt10': self.kinds(queries['kinds'])},
            'synonyms': self.synonyms(queries['synonyms']),
            'tintOf5': self.tints(),
        }

    def kinds(self, kinds):
        """Mean share of right ones among the best 10, or among as many as there are."""
        score, hits = self.shipped.texts(list(kinds)) @ self.clean.t(), []
        for row, pattern in enumerate(kinds.values()):
            right = [
                bool(
                    re.search(pattern.get('subgroup', ''), self.lexicon.concepts[c]['subgroup'])
                    and re.search(pattern.get('label', ''), self.lexicon.concepts[c]['label'].lower())
                )
                for c in self.concepts
            ]
            best = score[row].argsort(descending=True)[: min(10, sum(right))]
            hits.append(np.mean([right[i] for i in best]))
        return share(hits)

    def synonyms(self, synonyms):
        """Words that stand in no label or tag, and the labels that they mean."""
        known = {word for term in self.lexicon.terms for word in words_of(term)}
        asked = {text: meant for text, meant in synonyms.items() if not known.issuperset(words_of(text))}
        score, first = self.shipped.texts(list(asked)) @ self.clean.t(), []
        for row, meant in enumerate(asked.values()):
            best = [self.labels[i] for i in score[row].argsort(descending=True)[:10]]
            first.append(next((place for place, label in enumerate(best) if re.search(meant, label)), 99))
        return {'asked': len(asked)} | {f'hitAt{k}': share(np.array(first) < k) for k in (1, 5, 10)}

    def tints(self):
        """Of one thing in five colours: is "a red ..." nearest to the red one?"""
        rng, colours = random.Random(9), [COLOUR_NAMES.index(tint) for tint in TINTS]
        things = rng.sample(
            [
                c
                for c in self.concepts
                if self.lexicon.concepts[c]['group'] in ('animals-nature', 'food-drink', 'objects', 'travel-places')
            ],
            200,
        )
        scenes = [Scene([Thing(self.bank.by_concept[c][0], c, tint=colour)]) for c in things for colour in colours]
        pictures = self.shipped.pictures(draw(self.bank, self.lexicon, scenes, 9, upright(0.8))[0]).view(200, 5, -1)
        words = self.shipped.texts([f'a {tint} {self.lexicon.names[c][0]}' for c in things for tint in TINTS]).view(
            200, 5, -1
        )
        return share((torch.einsum('bqd,bkd->bqk', words, pictures).argmax(2) == torch.arange(5)).flatten())


def measure_scenes(shipped, lexicon, bank):
    """1000 scenes of two or three objects, found by naming all of them."""
    rng, scenes, texts = random.Random(5), [], []
    for number in range(1000):
        chosen = rng.sample(bank.drawn(), 2 + number % 2)
        scenes.append(Scene([bank.clean(concept).objects[0] for concept in chosen], rng.choice(LAYOUTS[len(chosen)])))
        words = rng.sample([with_article(lexicon.names[concept][0]) for concept in chosen], len(chosen))
        texts.append(', '.join(words[:-1]) + ' and ' + words[-1])
    pictures = shipped.pictures(draw(bank, lexicon, scenes, 5, upright(0.5))[0])
    return recall(shipped.texts(texts) @ pictures.t(), torch.arange(1000))


class Segments:
    """500 augmented scenes of one to four objects: masks, counts, and labels that find segments."""

    def __init__(self, shipped, lexicon, bank, scattered):
        rng = random.Random(6)
        self.shipped, self.lexicon, self.scenes = shipped, lexicon, []
        for number in range(500):
            chosen = rng.sample(bank.drawn(), 1 + number % 4)
            layout = 'free' if scattered else rng.choice(LAYOUTS[len(chosen)])
            self.scenes.append(Scene([bank.clean(concept).objects[0] for concept in chosen], layout))
        image, self.truth = draw(bank, lexicon, self.scenes, 6, Look(SIZE, plain=0.4))
        _, dense, self.layout = shipped.look(image)
        self.found = [shipped.segments(*pair) for pair in zip(dense, self.layout)]

    def owners(self, picture):
        """-> (concepts of each found mask: [{concept}], for each object whether a mask has IoU >= .5)"""
        scene, masks = self.scenes[picture], self.found[picture][0]
        known = torch.stack([self.truth[picture] == k + 1 for k in range(len(scene.objects))])
        overlap = mask_iou(masks, known)
        owners = [{scene.objects[k].concept for k in range(len(known)) if row[k] >= 0.5} for row in overlap]
        return owners, (overlap.amax(0) >= 0.5).tolist() if len(masks) else [False] * len(known)

    def measure(self):
        owners, covered = zip(*[self.owners(picture) for picture in range(len(self.scenes))])
        whole, known = self.layout[:, 0] > 0.5, self.truth > 0
        union = (whole & known).sum((1, 2)) / (whole | known).sum((1, 2)).clamp(min=1)
        exact = {
            f'exactCount{n}': share(
                len(self.found[i][0]) == n for i, s in enumerate(self.scenes) if len(s.objects) == n
            )
            for n in (1, 2, 3, 4)
        }
        return {
            'maskIoU': share(union),
            'objectsCovered': share(sum(covered, [])),
            **exact,
            'withinScene': self.within(owners),
            **self.among_all(owners),
        }

    def within(self, owners):
        """Scenes with several segments: is the segment that a label likes best the right one of its scene?"""
        right = []
        for (masks, vectors), scene, own in zip(self.found, self.scenes, owners):
            for thing in scene.objects if len(masks) > 1 else []:
                if any(thing.concept in concepts for concepts in own):
                    label = self.shipped.texts([self.lexicon.names[thing.concept][0]])
                    right.append(thing.concept in own[int((vectors @ label[0]).argmax())])
        return {'precisionAt1': share(right), 'asked': len(right)}

    def among_all(self, owners):
        """All segments of all scenes: every label that occurs asks for its segment."""
        gallery, flat = torch.cat([vectors for _, vectors in self.found]), sum(owners, [])
        asked = sorted({thing.concept for scene in self.scenes for thing in scene.objects})
        score = self.shipped.texts([self.lexicon.names[concept][0] for concept in asked]) @ gallery.t()
        best = score.argsort(descending=True)[:, :5].tolist()
        hits = [[concept in flat[place] for place in places] for concept, places in zip(asked, best)]
        return {
            'amongAll': {
                'segments': len(flat),
                'asked': len(asked),
                'precisionAt1': share(hit[0] for hit in hits),
                'hitAt5': share(any(hit) for hit in hits),
            }
        }


def differences(work, shipped):
    """Largest difference of every output between the trained float32 model and the 8-bit files, on random pictures."""
    model, _ = load_model(work)
    out = {}
    torch.manual_seed(0)
    for name, (module, inputs, axes) in graphs_of(model, shipped.tokenizer).items():
        with torch.no_grad():
            wanted = module.eval()(*inputs)
        wanted = wanted if isinstance(wanted, tuple) else (wanted,)
        for output, a, b in zip(list(axes)[len(inputs) :], wanted, shipped.run(name, *inputs)):
            out[f'{name}.{output}'] = round(float((a - b).abs().max()), 5)
    return out


def evaluate_unseen(work, files, lexicon, sets):
    """-> what unseen.json holds: labels against clean icons of the sets that the model in `files` never saw.
    sets = (held out, learnt)"""
    held_out, learnt = sets
    shipped, run = Shipped(files), torch.load(f'{work}/model.pt')
    found = {}
    for name in held_out:
        icons = Icons(shipped, lexicon, IconBank(work, lexicon, [name]))
        found[name] = {
            'concepts': len(icons.concepts),
            'clean': icons.find(icons.labels, icons.clean),
            'hardBackgrounds': icons.find(icons.labels, icons.gallery(2, Look(SIZE, plain=0.2))),
        }
    return {
        'run': {'pictures': run['pictures'], 'minutes': round(run['minutes'], 1), 'seed': run['seed'], 'sets': learnt},
        'unseen': found,
    }


def evaluate(work, lexicon, folder):
    """-> everything that measured.json holds"""
    shipped = Shipped(folder)
    queries = json.loads((HERE / 'queries.json').read_text())
    banks = {name: IconBank(work, lexicon, [name]) for name in SETS}
    run = {key: value for key, value in torch.load(f'{work}/model.pt').items() if key != 'weights'}
    noto = banks['noto']
    return {
        'run': run | {'minutes': round(run['minutes'], 1), 'sets': ALL_SETS},
        'differenceFromFloat32': differences(work, shipped),
        'noto': Icons(shipped, lexicon, noto).measure(queries),
        'clean': {
            name: (icons := Icons(shipped, lexicon, bank)).find(icons.labels, icons.clean)
            for name, bank in banks.items()
        },
        'scenes': measure_scenes(shipped, lexicon, noto),
        'segments': Segments(shipped, lexicon, noto, scattered=False).measure(),
        'scatteredSegments': Segments(shipped, lexicon, noto, scattered=True).measure(),
    }


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--work', default=str(HERE / '.work'))
    parser.add_argument('--files', default=str(HERE.parent))
    options = parser.parse_args()
    torch.set_num_threads(2)
    measured = evaluate(options.work, Lexicon(options.work), options.files)
    (HERE / 'measured.json').write_text(json.dumps(measured, indent=2) + '\n')
    print(json.dumps(measured))
