import {
  assemblyOf,
  blockCall,
  generateWrapper,
  READY_MADE,
  readyMadeFor,
  registerCall,
  TARGETS,
  valueCall,
  type WrapperDescription,
  wrapperFor,
} from '@trapline/wrappers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { descriptions } from './descriptions.js';

const shapes = (['hvc', 'smc'] as const).flatMap((conduit) =>
  [TARGETS.a64, TARGETS.a32, TARGETS.t32].flatMap((target) =>
    [valueCall(conduit), registerCall(conduit), blockCall(conduit, target.set === 'a64')].map((description) => ({
      target,
      description,
      title: `${description.name} in ${target.title}`,
    })),
  ),
);

describe('the ready-made table', () => {
  it.each(shapes)('has $title, the same that is generated', ({ target, description }) => {
    for (const immediate of [0, 5]) {
      const asked = { ...description, name: 'any_name', immediate };
      expect(readyMadeFor(asked, target)).toBeDefined();
      const made = wrapperFor(asked, target);
      const generated = generateWrapper(asked, target);
      expect(Buffer.from(made.bytes).toString('hex')).toBe(Buffer.from(generated.bytes).toString('hex'));
      expect(words(assemblyOf(made))).toBe(words(assemblyOf(generated)));
    }
  });

  it('has every shape once for each instruction set', () => {
    const keys = READY_MADE.map(({ shape, set }) => `${shape} ${set}`);
    expect(new Set(keys).size).toBe(9);
    expect(keys).toHaveLength(9);
  });

  it('is asked only for its shapes: everything else is generated', () => {
    const call = valueCall('smc');
    const others: WrapperDescription[] = [
      { ...call, landingPad: true },
      { ...call, inputs: call.inputs.slice(1) },
      { ...call, inputs: [{ register: 0, constant: 0x8400_0000 }, ...call.inputs.slice(1)] },
      { ...call, outputs: [{ register: 1, name: 'r1', bits: 64 }] },
      { ...call, results: 'memory' },
      { ...registerCall('smc'), quirk: false },
    ];
    for (const other of others) {
      expect(readyMadeFor(other, TARGETS.a64)).toBeUndefined();
      expect(wrapperFor(other, 'a64')).toEqual(generateWrapper(other, 'a64'));
    }
  });

  it('never differs from generation, whatever is described', () => {
    for (const target of [TARGETS.a64, TARGETS.a32, TARGETS.t32]) {
      fc.assert(
        fc.property(descriptions(target), (description) => {
          expect(wrapperFor(description, target).bytes).toEqual(generateWrapper(description, target).bytes);
        }),
        { numRuns: 50 },
      );
    }
  });
});

function words(text: string): string {
  return text.replace(/[ \t]+/g, ' ');
}
