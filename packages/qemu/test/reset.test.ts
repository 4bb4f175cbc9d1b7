import { hypervisor as kvm } from '@trapline/kvm';
import { firmware } from '@trapline/psci';
import { archService, trngService } from '@trapline/smccc';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boot, cannotBoot, why } from './boots.js';

const services = () => [firmware({ idleStates: [] }), archService(), trngService()];

/** Every CPU but the first went off and came back. */
const HOTPLUG = ['cpu1 off: 0,2-3', 'cpu1 on: 0-3', 'cpu2 off: 0-1,3', 'cpu2 on: 0-3', 'cpu3 off: 0-2', 'cpu3 on: 0-3'];

/** How many calls, and then how many milliseconds, after the last start the button is pressed. */
const presses = fc.sample(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom(0, 0, 1, 5, 50)), {
  numRuns: 12,
  seed: 4,
});

describe.skipIf(cannotBoot)(`resets${why}`, () => {
  test('a reset ends the machine where that is wanted, and is told from a power off', async () => {
    const { end } = await boot({ services: { el3: services() }, bootargs: 'trapline.reboot', onReset: 'end' });
    expect(end).toEqual({ reason: 'reset', words: 'the guest asked for a reset' });
  });

  test.each([
    ['PSCI by SMC', { el3: services() }],
    ['KVM', { el2: [kvm({ profile: 'linux-6.1' })] }],
  ])('a reset starts the guest again: %s, 2 CPUs', async (_, levels) => {
    const restarts: number[] = [];
    const { end, lines, calls } = await boot({
      cpus: 2,
      services: levels,
      bootargs: 'trapline.calls trapline.hotplug trapline.shell',
      started: ({ restarts$ }) => void restarts$.subscribe((count) => restarts.push(count)),
      typing: [
        ['trapline# ', 'reboot -f\r'],
        ['trapline# ', 'taskset 2 reboot -f\r'],
        ['trapline# ', 'exit\r'],
      ],
    });
    expect(end.reason).toBe('shutdown');
    expect(restarts).toEqual([1, 2]);
    const first = lines.slice(0, lines.indexOf('cpu1 on: 0-1') + 1);
    expect(first).toContain('smp: Brought up 1 node, 2 CPUs');
    expect(lines).toEqual([...first, ...first, ...first, 'poweroff']);
    expect(calls.filter(({ call }) => call === 'psci.cpuOn')).toHaveLength(6);
  });

  test('the button, pressed at any time while 4 CPUs come and go, starts the guest again each time', async () => {
    const ahead = [...presses];
    let calls = 0;
    const restarts: number[] = [];
    const { end, lines } = await boot({
      cpus: 4,
      services: { el2: services() },
      bootargs: 'quiet trapline.hotplug',
      building: (machine, stack) => {
        machine.restarts$.subscribe((count) => {
          restarts.push(count);
          calls = 0;
        });
        stack.calls$.subscribe(() => {
          const [next] = ahead;
          if (next === undefined || ++calls < next[0]) return;
          ahead.shift();
          calls = Number.NEGATIVE_INFINITY;
          const [, delay] = next;
          if (delay === 0) machine.reset();
          else setTimeout(() => machine.reset(), delay);
        });
      },
    });
    expect(end.reason).toBe('shutdown');
    expect(restarts).toEqual(presses.map((_, i) => i + 1));
    expect(lines.slice(-7)).toEqual([...HOTPLUG, 'poweroff']);
  });
});
