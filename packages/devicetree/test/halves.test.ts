import * as whole from '@trapline/devicetree';
import { readDtb } from '@trapline/devicetree/dtb';
import { readDts } from '@trapline/devicetree/dts';
import { applyOverlay } from '@trapline/devicetree/overlay';
import { expect, test } from 'vitest';

test('the halves are the same functions as the whole has', () => {
  expect([whole.applyOverlay, whole.readDtb, whole.readDts]).toEqual([applyOverlay, readDtb, readDts]);
});
