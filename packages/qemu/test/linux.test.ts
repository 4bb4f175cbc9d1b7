import { hypervisor as kvm } from '@trapline/kvm';
import { firmware } from '@trapline/psci';
import { archService, trngService } from '@trapline/smccc';
import { describe, expect, test } from 'vitest';
import { boot, cannotBoot, linux32, why } from './boots.js';

const services = () => [firmware({ idleStates: [] }), archService(), trngService()];

/** Every CPU but the first went off and came back. */
const HOTPLUG = ['cpu1 off: 0,2-3', 'cpu1 on: 0-3', 'cpu2 off: 0-1,3', 'cpu2 on: 0-3', 'cpu3 off: 0-2', 'cpu3 on: 0-3'];

describe.skipIf(cannotBoot)(`Debian's Linux${why}`, () => {
  test('PSCI by SMC at EL3: 4 CPUs, hotplug, power off', async () => {
    const { end, lines, calls } = await boot({
      cpus: 4,
      services: { el3: services() },
      bootargs: 'trapline.calls trapline.hotplug',
    });
    expect(end.reason).toBe('shutdown');
    expect(lines).toContain('psci: PSCIv1.3 detected in firmware.');
    expect(lines).toContain('psci: SMC Calling Convention v1.5');
    expect(lines).toContain('smp: Brought up 1 node, 4 CPUs');
    expect(lines.filter((line) => line.startsWith('cpu'))).toEqual(HOTPLUG);
    expect(calls.filter(({ call }) => call === 'psci.cpuOn')).toHaveLength(6);
    expect(calls.every(({ conduit }) => conduit === 'smc')).toBe(true);
  });

  test('PSCI by HVC at EL2: the same', async () => {
    const { end, lines, calls } = await boot({
      cpus: 4,
      services: { el2: services() },
      bootargs: 'trapline.calls trapline.hotplug',
    });
    expect(end.reason).toBe('shutdown');
    expect(lines).toContain('smp: Brought up 1 node, 4 CPUs');
    expect(lines.filter((line) => line.startsWith('cpu'))).toEqual(HOTPLUG);
    expect(calls.every(({ conduit }) => conduit === 'hvc')).toBe(true);
  });

  test('entered at EL2 below firmware, its KVM gets the Hyp mode on every CPU', async () => {
    const { end, lines } = await boot({
      cpus: 2,
      services: { el3: [firmware({ profile: 'tf-a', idleStates: [] })] },
      guest: { hasEl2: true },
      bootargs: 'trapline.calls trapline.hotplug',
    });
    expect(end.reason).toBe('shutdown');
    expect(lines.some((line) => line.includes('Hyp mode initialized successfully'))).toBe(true);
    expect(lines.filter((line) => line.startsWith('cpu'))).toEqual(['cpu1 off: 0', 'cpu1 on: 0-1']);
  });

  test.each(['el2', 'el3'] as const)('32-bit, below services at %s: 2 CPUs, hotplug, power off', async (level) => {
    const { end, lines } = await boot({
      cpus: 2,
      services: { [level]: services() },
      guest: { boot: { state: 'a32' } },
      payload: linux32(),
      bootargs: 'trapline.calls trapline.hotplug',
    });
    expect(end.reason).toBe('shutdown');
    expect(lines[0]).toMatch(/^Linux .* armv7l, 0-1 online$/);
    expect(lines).toContain('psci: PSCIv1.3 detected in firmware.');
    expect(lines.filter((line) => line.startsWith('cpu'))).toEqual(['cpu1 off: 0', 'cpu1 on: 0-1']);
  });

  test('idle states that keep and that lose context are entered and left', async () => {
    const { end, lines, calls } = await boot({
      cpus: 2,
      services: { el3: [firmware(), archService()] },
      bootargs: 'trapline.idle',
    });
    expect(end.reason).toBe('shutdown');
    expect(lines.filter((line) => line.startsWith('idle') && line.endsWith('yes')).length).toBeGreaterThan(1);
    expect(calls.some(({ outcome }) => outcome.kind === 'wait' && outcome.onWake === 'resume')).toBe(true);
  });

  test('a panic ends the machine with the kernel’s own words', async () => {
    const { end } = await boot({ services: { el3: services() }, bootargs: 'trapline.panic' });
    expect(end).toEqual({ reason: 'panic', words: 'Kernel panic - not syncing: sysrq triggered crash' });
  });

  test('KVM’s services: the kernel finds them, and a clock appears', async () => {
    const { end, lines, calls } = await boot({
      cpus: 2,
      services: { el2: [kvm({ profile: 'linux-6.1' })] },
      bootargs: 'trapline.calls trapline.kvm',
    });
    expect(end.reason).toBe('shutdown');
    expect(lines).toContain('psci: PSCIv1.1 detected in firmware.');
    expect(lines.some((line) => line.startsWith('smccc: KVM: hypervisor services detected'))).toBe(true);
    expect(lines).toContain('clock: KVM virtual PTP');
    expect(calls.some(({ call }) => call === 'kvm.features')).toBe(true);
  });

  test('a shell on the serial port answers what is typed', async () => {
    const { end, console } = await boot({
      services: { el3: services() },
      bootargs: 'trapline.shell',
      typing: [['trapline# ', 'echo $((6 * 7)) is the answer; exit\r']],
    });
    expect(console).toContain('42 is the answer');
    expect(end.reason).toBe('shutdown');
  });
});
