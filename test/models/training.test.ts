import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectPath } from '#lib/paths.js';

/** The environment that models/pictoclip/training/README.md makes, or whatever python3 there is. */
const own = projectPath('models/pictoclip/training/.venv/bin/python');
const python = process.env.LOOKBOOK_TRAINING_PYTHON ?? (existsSync(own) ? own : 'python3');
const packages = 'torch, onnx, onnxruntime, scipy, tokenizers';
const canTrain = spawnSync(python, ['-c', `import ${packages}`]).status === 0;
if (!canTrain) {
  console.warn(
    `SKIPPED: the training of the embedded model, because ${python} has not all of ${packages} (see models/pictoclip/training/README.md).`,
  );
}

describe.skipIf(!canTrain)('the training of the embedded model, twenty steps on a tiny world', () => {
  it('learns to name its six shapes, and the files that it exports say what the trained model says', {
    timeout: 300_000,
  }, () => {
    const { status, stdout, stderr } = spawnSync(
      python,
      [projectPath('models/pictoclip/training/smoke.py')],
      { encoding: 'utf8' },
    );
    expect(stderr.trim()).toBe('');
    expect(status).toBe(0);
    const outcome = JSON.parse(stdout.trim().split('\n').at(-1)!);
    expect(outcome).toMatchObject({ steps: 20, finite: true });
    expect(outcome.lastLoss).toBeLessThan(0.9 * outcome.firstLoss);
    expect(outcome.difference).toBeLessThan(0.5);
  });
});
