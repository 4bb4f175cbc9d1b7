import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expandArray, initControl } from './client.js';
import { EVENT_CHANNEL_OP, OPERAND, RAM, rigOf, SCHED_OP, type Side, VCPU_OP } from './rig.js';

const CONTROL: number = RAM + 0xc000;
const ARRAY: number = RAM + 0xd000;

const small = fc.integer({ min: 0, max: 9 });
const word = fc.oneof(
  { weight: 4, arbitrary: small },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0x7ff0, RAM / 0x1000 + 12, OPERAND, 63, 64, 0x7fff_ffff, 0xffff_ffff, 1 << 16),
  },
  { weight: 1, arbitrary: fc.integer() },
);
const pointer = fc.oneof(
  { weight: 8, arbitrary: fc.constant(BigInt(OPERAND)) },
  { weight: 1, arbitrary: fc.constantFrom(0n, BigInt(RAM + 0x1f_fffe), 0xffff_ffff_ffff_fff0n, BigInt(CONTROL)) },
);
/** Commands that come back to the caller: a block or a shutdown would end the sequence. */
const hypercall = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant(EVENT_CHANNEL_OP), fc.integer({ min: 0, max: 15 })) },
  { weight: 2, arbitrary: fc.tuple(fc.constant(SCHED_OP), fc.constantFrom(0, 4, 5, 7, 8)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant(VCPU_OP), fc.constantFrom(5, 10, 11)) },
);
const call = fc.record({
  who: fc.integer({ min: 0, max: 3 }),
  what: hypercall,
  at: pointer,
  vcpu: fc.integer({ min: 0, max: 2 }),
  structure: fc.array(word, { minLength: 6, maxLength: 6 }),
});

/** A result is small, or an error below 4096. */
const isAnswer = (x0: number): boolean => x0 >= -4095 && x0 < 0x1_0000_0000;

test('whatever four domains put into registers and memory, calls return, and no port is bound to what is not bound to it', () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 60 }), fc.boolean(), (calls, withFifo) => {
      const rig = rigOf([{ privileged: true }, {}, {}, {}]);
      if (withFifo)
        for (const side of rig.sides) expect([initControl(side, CONTROL), expandArray(side, ARRAY)]).toEqual([0, 0]);
      for (const { who, what, at, vcpu, structure } of calls) {
        const side = rig.sides[who] as Side;
        side.put(new Uint8Array(new Int32Array(structure).buffer));
        const [number, command] = what;
        const args = number === VCPU_OP ? [command, vcpu, at] : [command, at];
        if (side.vcpu(0).powerState !== 'running') continue;
        if (side.trap(number, args).kind === 'returned') expect(isAnswer(side.x0())).toBe(true);
      }
      for (const { domain } of rig.sides) {
        const { ports } = domain.events;
        let bound = 0;
        for (let port = 1; port < ports.valid; port++) {
          if ((ports.state[port] as number) > 1) bound++;
          const peer = ports.peers[port];
          if (peer === undefined) continue;
          const theirs = peer.events.ports;
          const end = ports.remote[port] as number;
          expect([theirs.peers[end], theirs.remote[end]]).toEqual([domain, port]);
        }
        expect(domain.events.active).toBe(bound);
      }
    }),
    { numRuns: 80 },
  );
});
