import { expect, it } from 'vitest';
import { nearNames } from '#lib/arithmetic/near-names.js';

const names = ['/stage4/Relu_output_0', '/stage8/Relu_output_0', '/stage8/Conv_output_0', 'logits'];

it('near names are those with most pairs of letters in common, slips and capitals notwithstanding', () => {
  expect(nearNames('/stage8/relu', names, 2)).toEqual(['/stage8/Relu_output_0', '/stage4/Relu_output_0']);
  expect(nearNames('logit', names, 1)).toEqual(['logits']);
});

it('what has nothing in common is not near', () => {
  expect(nearNames('zq', names)).toEqual([]);
  expect(nearNames('', [])).toEqual([]);
});
