"""From icons and words to the shipped files, in one command. Steps whose result lies in the work folder are not redone.

python train_all.py --teacher DIR [--work DIR] [--minutes N | --more N] [--seed N]
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ALLOCATOR = 'libtcmalloc_minimal.so.4'  # halves the time that composing pictures takes


def prepare_process():
    """Starts this program again with the allocator, and with threads that sleep while waiting: both are read then."""
    if os.environ.get('PICTOCLIP_PREPARED'):
        return
    found = subprocess.run(['ldconfig', '-p'], capture_output=True, text=True).stdout
    preload = {'LD_PRELOAD': ALLOCATOR} if ALLOCATOR in found else {}
    environment = os.environ | preload | {'PICTOCLIP_PREPARED': '1', 'OMP_WAIT_POLICY': 'PASSIVE'}
    os.execve(sys.executable, [sys.executable, *sys.argv], environment)


def train_all(options):
    """icons → teacher's vectors → words alone → pictures and words → files → figures"""
    import torch
    from distill_text import distill
    from evaluate import SETS, evaluate
    from export import export, replace
    from lexicon import Lexicon
    from scenes import IconBank
    from teacher import teach
    from tokens import golden
    from train import Plan, train
    from vocabulary import Vocabulary

    work, folder = Path(options.work), HERE.parent
    torch.set_num_threads(2)
    if not (work / 'concepts.json').exists():
        subprocess.run(['node', HERE / 'icons.mjs', work], check=True)
    lexicon = Lexicon(work)
    if not (work / 'vocabulary.json').exists():
        teach(lexicon, work, options.teacher)
    vocabulary = Vocabulary(work, lexicon)
    if not (work / 'text.pt').exists():
        torch.save(distill(vocabulary, 0.08 * options.minutes, options.seed).state_dict(), work / 'text.pt')
    banks = IconBank(work, lexicon, SETS), IconBank(work, lexicon, SETS[:1])
    plan = Plan(0.92 * options.minutes, options.seed)
    if options.more:
        train(work, lexicon, vocabulary, banks, plan.more(options.more), torch.load(work / 'model.pt'))
    else:
        train(work, lexicon, vocabulary, banks, plan)
    print(export(work, lexicon, vocabulary, folder), flush=True)
    replace(HERE / 'tokens.json', golden(vocabulary.words).encode())
    measured = evaluate(work, lexicon, vocabulary, folder)
    replace(HERE / 'measured.json', (json.dumps(measured, indent=2) + '\n').encode())


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--teacher', required=True, help='folder of all-MiniLM-L6-v2: tokenizer.json and an .onnx file')
    parser.add_argument('--work', default=str(HERE / '.work'), help='folder for large files')
    parser.add_argument('--minutes', type=float, default=85, help='wall clock time of the two learning steps together')
    parser.add_argument('--more', type=float, help="go on from the work folder's model for so many minutes")
    parser.add_argument('--seed', type=int, default=0)
    options = parser.parse_args()
    prepare_process()
    train_all(options)
