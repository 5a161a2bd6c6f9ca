"""Writes labels.txt: for each class of ImageNet its words and WordNet's gloss of them, in the classifier's order.

    python3 make-labels.py imagenet_labels.txt /usr/share/wordnet/data.noun > labels.txt

imagenet_labels.txt is the list of the classifier's source (1001 lines, the first is "background"); data.noun is that of
WordNet 3.0 (Debian package wordnet-base). ImageNet's labels are the words of WordNet's synsets, in the order of their
places in data.noun: of two cranes the bird comes first. The gloss goes without the examples of use that follow it.

What the glosses are good for, and on which data that was measured: lib/commands/evaluations/iconic200.ts.
"""

import sys
from collections import defaultdict

labels_path, nouns_path = sys.argv[1:]

synsets = defaultdict(list)  # words → (place, gloss), in the order of the file
with open(nouns_path, encoding="utf-8") as nouns:
    for line in nouns:
        if line.startswith("  "):  # the licence
            continue
        facts, _, gloss = line.partition("|")
        fields = facts.split()
        words = (fields[4 + 2 * n].replace("_", " ").lower() for n in range(int(fields[3], 16)))
        synsets[frozenset(words)].append((int(fields[0]), gloss.strip().split('; "')[0].strip()))

place = 0
with open(labels_path, encoding="utf-8") as labels:
    for index, line in enumerate(labels.read().rstrip("\n").split("\n")):
        if index == 0:
            print(line)
            continue
        found = synsets[frozenset(word.strip().lower() for word in line.split(","))]
        place, gloss = next(((at, gloss) for at, gloss in found if at > place))
        print(f"{line}: {gloss}")
