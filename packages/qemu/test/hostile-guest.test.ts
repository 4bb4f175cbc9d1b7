import { firmware } from '@trapline/psci';
import { type Payload, planBoard } from '@trapline/qemu';
import { describe, expect, test } from 'vitest';
import { boot, cannotBoot, why } from './boots.js';

/** How long a guest may go on destroying, before it is stopped. */
const DESTROYS_MS = 1500;

/**
 * CPU 0 starts CPU 1 with a mask as its context, and asks for PSCI's version for ever. CPU 1 fills both mailboxes with
 * words of a sequence under the mask, again and again.
 */
const destroyer = (mask: number): Payload => {
  const words = [
    0x5280_0060, // mov   w0, #3
    0x72b8_8000, // movk  w0, #0xc400, lsl #16
    0xd280_0021, // mov   x1, #1
    0x1000_00c2, // adr   x2, second
    0xd280_0003 | (mask << 5), // mov   x3, #mask
    0xd400_0003, // smc   #0
    0x52b0_8000, // mov   w0, #0x84000000
    0xd400_0003, // smc   #0
    0x17ff_fffe, // b     back
    0xd2ab_fc21, // second: mov x1, #0x5fe10000
    0xd28d_80e5, // mov   x5, #0x6c07
    0xf2b2_ca05, // movk  x5, #0x9650, lsl #16
    0x9280_0007, // mov   x7, #-1
    0xb400_0040, // cbz   x0, all
    0xaa00_03e7, // mov   x7, x0
    0xaa01_03e3, // all: mov x3, x1
    0x9140_0824, // add   x4, x1, #2, lsl #12
    0x9b05_1442, // next: madd x2, x2, x5, x5
    0x8ac2_94e6, // and   x6, x7, x2, ror #37
    0xf800_8466, // str   x6, [x3], #8
    0xeb04_007f, // cmp   x3, x4
    0x54ff_ff83, // b.lo  next
    0x17ff_fff9, // b     all
  ];
  const bytes = new Uint8Array(Uint32Array.from(words).buffer);
  return { images: [{ name: 'destroyer', bytes, at: 0x4020_0000 }] };
};

describe.skipIf(cannotBoot)(`a guest that destroys mailboxes${why}`, () => {
  test.each([
    ['el2', 'any words', 0],
    ['el3', 'any words', 0],
    ['el2', 'words that mean something', 7],
    ['el3', 'words that mean something', 7],
  ])(
    'below services at %s, with %s, destroys its own machine, which ends in words or can be stopped',
    async (level, _, mask) => {
      const { end, calls, machine } = await boot({
        cpus: 2,
        services: { [level]: [firmware({ conduit: 'smc', trapsSmc: true })] },
        payload: destroyer(mask),
        started: (machine) => void setTimeout(() => void machine.stop(), DESTROYS_MS),
      });
      expect(planBoard(2, machine.plan.ramBytes, false).area).toBe(0x5fe0_0000);
      expect(calls[0]?.call).toBe('psci.cpuOn');
      expect(end.reason).toMatch(/^(?:fault|died|stopped|shutdown|reset|suspend|crash)$/);
      expect(end.words).not.toBe('');
      expect(() => process.kill(machine.pid ?? 0, 0)).toThrow(/ESRCH/);
    },
  );
});
