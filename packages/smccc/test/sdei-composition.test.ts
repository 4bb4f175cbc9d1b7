import { RestoreError, type Saved } from '@trapline/core';
import { DeviceTree } from '@trapline/devicetree';
import { MAX_EVENTS } from '@trapline/smccc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { calls, HANDLER, SdeiGuest } from './sdei-guest.js';

fc.configureGlobal({ seed: 1 });

describe('composition', () => {
  test.each([
    [[{ number: 0 }], 'event 0 is there already'],
    [[{ number: -1 }], 'has no number of 31 bits'],
    [[{ number: 2 ** 31 }], 'has no number of 31 bits'],
    [[{ number: 5, interrupt: 40 }], 'is private and cannot have interrupt 40'],
    [[{ number: 5, shared: true, interrupt: 20 }], 'is shared and cannot have interrupt 20'],
    [[{ number: 5, dynamic: true, critical: true }], 'is a slot for binding'],
    [
      [
        { number: 5, interrupt: 20 },
        { number: 6, interrupt: 20 },
      ],
      'has the interrupt of another',
    ],
  ] as const)('%j is refused', (events, problem) => {
    expect(() => new SdeiGuest({ events })).toThrow(problem);
  });

  test('there are limits', () => {
    const events = Array.from({ length: MAX_EVENTS }, (_, i) => ({ number: i + 1 }));
    expect(() => new SdeiGuest({ events })).toThrow(`fewer than ${MAX_EVENTS}`);
    expect(() => new SdeiGuest({ events: events.slice(1) })).not.toThrow();
  });

  test('the device tree gets a node with the conduit, once', () => {
    const guest = new SdeiGuest();
    const tree = new DeviceTree();
    for (const conduit of ['smc', 'hvc'] as const) {
      guest.guest.services.at(-1)?.attachment.describe?.(tree, { conduit, cpus: [], interruptController: undefined });
    }
    const node = tree.root.child('firmware')?.child('sdei');
    expect([node?.string('compatible'), node?.string('method')]).toEqual(['arm,sdei-1.0', 'hvc']);
    expect(tree.root.child('firmware')?.children).toHaveLength(1);
  });
});

describe('saved state', () => {
  /** Everything that a story of calls and signals can contain, by number. */
  const steps: readonly ((guest: SdeiGuest, cpu: number) => void)[] = [
    (guest, cpu) => void guest.outcome(calls.peUnmask.id, [], { cpu }),
    ...[0, 8, 9, 100].flatMap((event) => [
      (guest: SdeiGuest, cpu: number) => void guest.outcome(calls.eventRegister.id, [event, HANDLER, 1, 0, 0], { cpu }),
      (guest: SdeiGuest, cpu: number) => void guest.outcome(calls.eventEnable.id, [event], { cpu }),
      (guest: SdeiGuest, cpu: number) => void guest.signals.raise(event, guest.cpu(cpu)),
    ]),
    (guest, cpu) => void guest.outcome(calls.eventComplete.id, [], { cpu }),
    (guest, cpu) => void guest.outcome(calls.eventSignal.id, [0, cpu ^ 1], { cpu }),
    (guest, cpu) => void guest.outcome(calls.interruptBind.id, [40], { cpu }),
    (guest, cpu) => void guest.outcome(calls.eventUnregister.id, [8], { cpu }),
    (guest, cpu) => void guest.outcome(calls.peMask.id, [], { cpu }),
  ];

  test('goes on as if nothing had been, restored at any step of any story', () => {
    const story = fc.array(fc.tuple(fc.nat(steps.length - 1), fc.nat(1), fc.boolean()), { maxLength: 40 });
    fc.assert(
      fc.property(story, (parts) => {
        const through = new SdeiGuest();
        const hopping = new SdeiGuest();
        for (const [step, cpu, hop] of parts) {
          if (hop) hopping.hop();
          steps[step]?.(through, cpu);
          steps[step]?.(hopping, cpu);
        }
        return JSON.stringify(through.machine.save()) === JSON.stringify(hopping.machine.save());
      }),
      { numRuns: 60 },
    );
  });

  test('of another composition is refused, and nothing is changed', () => {
    const guest = new SdeiGuest();
    guest.ready(8);
    const attachment = guest.guest.services.at(-1)?.attachment;
    const saved = attachment?.save() as { readonly [part: string]: Saved };
    const contexts = saved.contexts as { readonly [part: string]: readonly number[] };
    const bad: Saved[] = [
      null,
      [],
      {},
      { ...saved, masked: [0] },
      { ...saved, records: {} },
      { ...saved, contexts: {} },
      { ...saved, contexts: { ...contexts, depth: [3, 0, 0, 0] } },
      { ...saved, contexts: { ...contexts, event: (contexts.event ?? []).map(() => 99) } },
      { ...saved, contexts: { ...contexts, words: (contexts.words ?? []).map(() => 9) } },
      { ...saved, masked: ['a', 'b', 'c', 'd'] },
    ];
    for (const state of bad) expect(() => attachment?.restore(state)).toThrow(RestoreError);
    expect(attachment?.save()).toEqual(saved);
  });
});
