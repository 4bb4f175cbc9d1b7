import { nextSdeiState, SDEI_FORBIDDEN, type SdeiAction } from '@trapline/smccc';
import { expect, test } from 'vitest';

const X = SDEI_FORBIDDEN;
const ACTIONS: readonly SdeiAction[] = [
  'register',
  'release',
  'enable',
  'disable',
  'unregister',
  'route',
  'context',
  'complete',
  'dispatch',
];

// Columns as in ACTIONS; states: bit 0 registered, bit 1 enabled, bit 2 running (DEN0054A, 6.1).
test.each([
  [0, [1, 0, X, X, X, X, X, X, X]],
  [1, [X, X, 3, 1, 0, 1, X, X, X]],
  [3, [X, X, 3, 1, 0, X, X, X, 7]],
  [4, [X, X, X, X, X, X, 4, 0, X]],
  [5, [X, X, 7, 5, 4, X, 5, 1, X]],
  [7, [X, X, 7, 5, 4, X, 7, 3, X]],
])('in state %i every action leads where the specification says', (state, expected) => {
  expect(ACTIONS.map((action) => nextSdeiState(state, action))).toEqual(expected);
});
