"""From icons and words to the shipped files, in one command. Steps whose result lies in the work folder are not redone.

python train_all.py --teacher DIR [--work DIR] [--minutes N | --more N [--teach-again]] [--start DIR]
                    [--hold-out PREFIX] [--seed N]
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORDS = 0.12  # share of the time that the text tower learns alone
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
    from earlier import read_earlier
    from evaluate import evaluate, evaluate_unseen
    from export import export, replace
    from golden import write_golden
    from lexicon import Lexicon
    from scenes import ALL_SETS, IconBank
    from teacher import teach
    from tokens import golden_tokens
    from train import Plan, train, with_words_anew
    from vocabulary import Vocabulary

    work, folder = Path(options.work), HERE.parent
    torch.set_num_threads(2)
    if not (work / 'concepts.json').exists():
        subprocess.run(['node', HERE / 'icons.mjs', work], check=True)
    lexicon = Lexicon(work)
    if options.teach_again or not (work / 'vocabulary.json').exists():
        teach(lexicon, work, options.teacher)
        (work / 'text.pt').unlink(missing_ok=True)  # it follows the places that were
    earlier = read_earlier(options.start) if options.start else None
    vocabulary = Vocabulary(work, lexicon)
    if earlier:
        earlier.turn(vocabulary.concept_targets)
    if not options.more and not (work / 'text.pt').exists():
        torch.save(distill(vocabulary, WORDS * options.minutes, options.seed).state_dict(), work / 'text.pt')
    held_out = [name for name in ALL_SETS if options.hold_out and name.startswith(options.hold_out)]
    learnt = [name for name in ALL_SETS if name not in held_out]
    banks = IconBank(work, lexicon, learnt), IconBank(work, lexicon, (held_out or learnt)[:1])
    plan = Plan((1 - WORDS) * options.minutes, options.seed)
    if options.more:
        before, minutes = torch.load(work / 'model.pt'), options.more
        if options.teach_again:
            before = with_words_anew(work, vocabulary, before, WORDS * minutes)
            minutes *= 1 - WORDS
        train(work, lexicon, vocabulary, banks, plan.more(minutes), before)
    else:
        train(work, lexicon, vocabulary, banks, plan.again() if earlier else plan, earlier)
    if held_out:
        files = work / 'held-out'  # never over the work folder's own concepts.json, which has more to say
        files.mkdir(exist_ok=True)
        export(work, lexicon, files)
        unseen = evaluate_unseen(work, files, lexicon, (held_out, learnt))
        replace(HERE / 'unseen.json', (json.dumps(unseen, indent=2) + '\n').encode())
        return
    print(export(work, lexicon, folder), flush=True)
    replace(HERE / 'tokens.json', golden_tokens(vocabulary.words).encode())
    write_golden(work)
    measured = evaluate(work, lexicon, folder)
    replace(HERE / 'measured.json', (json.dumps(measured, indent=2) + '\n').encode())


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--teacher', required=True, help='folder of all-MiniLM-L6-v2: tokenizer.json and an .onnx file')
    parser.add_argument('--work', default=str(HERE / '.work'), help='folder for large files')
    parser.add_argument('--minutes', type=float, default=85, help='wall clock time of the two learning steps together')
    parser.add_argument('--more', type=float, help="go on from the work folder's model for so many minutes")
    parser.add_argument(
        '--teach-again', action='store_true', help='with --more: words are placed anew and learnt first'
    )
    parser.add_argument('--start', help='folder of shipped files whose picture weights the run goes on from')
    parser.add_argument('--hold-out', help='sets whose name begins so are only measured; writes unseen.json, no model')
    parser.add_argument('--seed', type=int, default=0)
    options = parser.parse_args()
    if options.teach_again and not options.more:
        parser.error('--teach-again goes with --more')
    prepare_process()
    train_all(options)
