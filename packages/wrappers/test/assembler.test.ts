import { assemblyHead, assemblyOf, conduitProblem, generateWrapper, TARGETS } from '@trapline/wrappers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf } from './binutils.js';
import { descriptions } from './descriptions.js';
import { needs, scratch } from './tools.js';

const tools = needs('aarch64-linux-gnu-as', 'arm-linux-gnueabi-as');

/** Descriptions of every shape, for one assembler run each target. */
const SAMPLES = 400;

describe.skipIf(tools.skip)(`GNU as${tools.why}`, () => {
  it.each(Object.values(TARGETS).filter((target) => conduitProblem('smc', target) === undefined))(
    'makes of the text the bytes that are generated: $title',
    (target) => {
      const wrappers = fc
        .sample(descriptions(target), SAMPLES)
        .map((description, i) => generateWrapper({ ...description, name: `wrapper_${i}` }, target));
      const text = assemblyHead(target) + wrappers.map((wrapper) => assemblyOf(wrapper)).join('');
      const code = codeOf(text, target, scratch());
      let at = 0;
      for (const wrapper of wrappers) {
        const made = code.subarray(at, at + wrapper.bytes.length);
        expect(hex(wrapper.bytes), assemblyOf(wrapper)).toBe(hex(made));
        at += wrapper.bytes.length;
      }
      expect(hex(code.subarray(at))).toMatch(/^(0000|00bf|bf00|46c0|c046|e1a00000|0000a0e1)*$/); // the section's padding
    },
  );
});

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
