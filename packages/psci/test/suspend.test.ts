import type { Outcome } from '@trapline/core';
import { type FirmwareOptions, psci, specProfile } from '@trapline/psci';
import { describe, expect, test } from 'vitest';
import {
  AFFINITY_INFO,
  CPU_DEFAULT_SUSPEND,
  CPU_FREEZE,
  CPU_OFF,
  CPU_ON,
  CPU_SUSPEND,
  CPU_SUSPEND_32,
  ENTRY,
  FEATURES,
  NODE_HW_STATE,
  SET_SUSPEND_MODE,
  STAT_COUNT,
  STAT_RESIDENCY,
  STAT_RESIDENCY_32,
  SYSTEM_SUSPEND,
} from './ids.js';
import { TestMachine } from './machine.js';

/** `power_state` values of the spec profile's table, original format. */
const STANDBY = 0x0;
const CPU_DOWN = 0x1_0000;
const CLUSTER_RETENTION = 0x100_0000;
const CPU_DOWN_CLUSTER_RETENTION = 0x101_0001;
const CLUSTER_DOWN = 0x101_0000;
const SYSTEM_DOWN = 0x201_0000;

/** Two clusters of two CPUs. */
const MPIDRS = [0x0n, 0x1n, 0x100n, 0x101n];

function machineOf(options: FirmwareOptions = {}, on: readonly number[] = [1, 2, 3]): TestMachine {
  const machine = new TestMachine(psci.firmware(options), MPIDRS);
  for (const cpu of on) {
    machine.ask(0, CPU_ON, MPIDRS[cpu] as bigint, ENTRY, 0);
    machine.enter(cpu);
  }
  return machine;
}

function waitOf(outcome: Outcome): { onWake: string; until: string; results?: readonly string[] } {
  if (outcome.kind !== 'wait') throw new Error(`not waiting: ${outcome.kind}`);
  return outcome;
}

describe('CPU_SUSPEND (5.4)', () => {
  test('a standby state returns SUCCESS when an interrupt comes; the entry point does not count', () => {
    const machine = machineOf();
    expect(waitOf(machine.call(1, CPU_SUSPEND, STANDBY, 1, 0))).toMatchObject({
      until: 'interrupt',
      onWake: 'return',
      results: ['0000000000000000'],
    });
  });

  test('a power-down state resumes at the entry point with the context id', () => {
    const machine = machineOf();
    expect(waitOf(machine.call(1, CPU_SUSPEND, CPU_DOWN, ENTRY, 0x1234_5678_9abc_def0n)).onWake).toBe('resume');
    expect([...(machine.starts[1]?.w ?? [])]).toEqual([ENTRY, 0, 0x9abc_def0, 0x1234_5678]);
    machine.call(2, CPU_SUSPEND_32, CPU_DOWN, ENTRY, 0x1234_5678_9abc_def0n);
    expect([...(machine.starts[2]?.w ?? [])]).toEqual([ENTRY, 0, 0x9abc_def0, 0]);
  });

  test('a suspended CPU is on for everybody else', () => {
    const machine = machineOf();
    machine.call(1, CPU_SUSPEND, CPU_DOWN, ENTRY, 0);
    expect(machine.ask(0, AFFINITY_INFO, 1, 0)).toBe(0);
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 0)).toBe(-4);
  });

  test.each([0x2_0000, 0x1, 0x1_0001, 0x101_0002, 0x301_0000, 0x4000_0000, 0x8000_0000, 0xffff_ffff, 0x200_0000])(
    'refuses the power state 0x%s, which is in no table',
    (state) => {
      expect(machineOf().ask(0, CPU_SUSPEND, state, ENTRY, 0)).toBe(-2);
    },
  );

  test('checks the entry point of a power-down state, after the power state', () => {
    const machine = machineOf();
    expect(machine.ask(0, CPU_SUSPEND, CPU_DOWN, 1, 0)).toBe(-9);
    expect(machine.ask(0, CPU_SUSPEND, 0x2_0000, 1, 0)).toBe(-2);
  });

  test('the high half of an SMC64 power state does not count', () => {
    expect(machineOf().call(0, CPU_SUSPEND, 0xdead_beef_0000_0000n, ENTRY, 0).kind).toBe('wait');
  });

  test('the extended format has its own values, and FEATURES says so', () => {
    const machine = machineOf({ format: 'extended' });
    expect(machine.ask(0, FEATURES, CPU_SUSPEND)).toBe(3);
    expect(machine.ask(0, CPU_SUSPEND, 0x1_0000, ENTRY, 0)).toBe(-2);
    expect(waitOf(machine.call(0, CPU_SUSPEND, 0x4000_0002, ENTRY, 0)).onWake).toBe('resume');
    expect(machineOf().ask(0, FEATURES, CPU_SUSPEND)).toBe(1);
  });

  test('a table of your own takes the place of the profile’s', () => {
    const idleStates = [{ name: 'sleep', powerState: 0x1_0042, levels: [2] as const }];
    const machine = machineOf({ idleStates });
    expect(machine.call(0, CPU_SUSPEND, 0x1_0042, ENTRY, 0).kind).toBe('wait');
    expect(machine.ask(1, CPU_SUSPEND, CPU_DOWN, ENTRY, 0)).toBe(-2);
  });

  test('states of levels that the topology lacks are not there', () => {
    const machine = machineOf({ topology: [{ cpus: [0, 1] }, { cpus: [0x100, 0x101] }] });
    expect(machine.ask(0, CPU_SUSPEND, SYSTEM_DOWN, ENTRY, 0)).toBe(-2);
    expect(machine.call(0, CPU_SUSPEND, CLUSTER_DOWN, ENTRY, 0).kind).toBe('wait');
  });

  test('TF-A does not power down with an interrupt pending', () => {
    const machine = new TestMachine(psci.firmware({ profile: 'tf-a' }));
    machine.pending = true;
    expect(machine.ask(0, CPU_SUSPEND, 0x1_0002, ENTRY, 0)).toBe(0);
    expect(machine.ask(0, CPU_SUSPEND, 0x1_0002, ENTRY + 1, 0)).toBe(-9);
  });

  test('QEMU waits for an interrupt whatever is asked, unless a level is', () => {
    const machine = new TestMachine(psci.firmware({ profile: 'qemu-7.2' }));
    expect(waitOf(machine.call(0, CPU_SUSPEND, 0x1_ffff, 1, 0)).onWake).toBe('return');
    machine.wake(0);
    expect(machine.ask(0, CPU_SUSPEND, 0x100_0000, ENTRY, 0)).toBe(-2);
  });
});

describe('platform-coordinated mode (4.2.1)', () => {
  test('a domain takes the shallowest state that any of its CPUs asks for', () => {
    const machine = machineOf();
    const cluster = (): number => machine.ask(2, NODE_HW_STATE, 0x0, 1);
    machine.call(0, CPU_SUSPEND, CLUSTER_DOWN, ENTRY, 0);
    expect(machine.ask(2, NODE_HW_STATE, 0x0, 0)).toBe(1);
    expect(cluster()).toBe(0);
    machine.call(1, CPU_SUSPEND, CPU_DOWN_CLUSTER_RETENTION, ENTRY, 0);
    expect(cluster()).toBe(2);
    machine.wake(1);
    expect(cluster()).toBe(0);
    machine.call(1, CPU_SUSPEND, SYSTEM_DOWN, ENTRY, 0);
    expect(cluster()).toBe(1);
    expect(machine.ask(2, NODE_HW_STATE, 0x0, 2)).toBe(0);
  });

  test('a CPU that is off holds nothing up; one that is being started does', () => {
    const machine = machineOf({}, [2]);
    machine.call(0, CPU_SUSPEND, CLUSTER_DOWN, ENTRY, 0);
    expect(machine.ask(2, NODE_HW_STATE, 0x0, 1)).toBe(1);
    machine.ask(2, CPU_ON, 1, ENTRY, 0);
    expect(machine.ask(2, NODE_HW_STATE, 0x0, 1)).toBe(0);
  });

  test('TF-A’s domains go down while a CPU is being started', () => {
    const tfa = new TestMachine(psci.firmware({ profile: 'tf-a-full' }));
    tfa.ask(0, SET_SUSPEND_MODE, 1);
    tfa.ask(0, CPU_ON, 1, ENTRY, 0);
    expect(tfa.call(0, CPU_SUSPEND, 0x4000_0022, ENTRY, 0).kind).toBe('wait');
    tfa.wake(0);
    tfa.enter(1);
    expect(tfa.ask(0, CPU_SUSPEND, 0x4000_0022, ENTRY, 0)).toBe(-3);
  });

  test('retention shows as standby', () => {
    const machine = machineOf();
    machine.call(0, CPU_SUSPEND, CLUSTER_RETENTION, ENTRY, 0);
    machine.call(1, CPU_SUSPEND, CLUSTER_RETENTION, ENTRY, 0);
    expect(machine.ask(2, NODE_HW_STATE, 0x0, 0)).toBe(2);
    expect(machine.ask(2, NODE_HW_STATE, 0x0, 1)).toBe(2);
  });
});

describe('OS-initiated mode (4.2.2)', () => {
  test('is chosen while no CPU is off or the caller is the only one on, and left while it is the only one on', () => {
    const machine = machineOf({}, [1]);
    expect(machine.ask(0, SET_SUSPEND_MODE, 0)).toBe(0);
    expect(machine.ask(0, SET_SUSPEND_MODE, 1)).toBe(-3);
    expect(machine.ask(0, SET_SUSPEND_MODE, 2)).toBe(-2);
    machine.ask(0, CPU_ON, 0x100, ENTRY, 0);
    machine.ask(0, CPU_ON, 0x101, ENTRY, 0);
    expect(machine.ask(0, SET_SUSPEND_MODE, 1)).toBe(0);
    expect(machine.ask(0, SET_SUSPEND_MODE, 1)).toBe(0);
    expect(machine.ask(0, SET_SUSPEND_MODE, 0)).toBe(-3);
    const alone = machineOf({}, []);
    expect(alone.ask(0, SET_SUSPEND_MODE, 1)).toBe(0);
    expect(alone.ask(0, SET_SUSPEND_MODE, 0)).toBe(0);
  });

  test('the caller must be the last of every domain that it puts down', () => {
    const machine = machineOf();
    machine.ask(0, SET_SUSPEND_MODE, 1);
    expect(machine.ask(0, CPU_SUSPEND, CLUSTER_DOWN, ENTRY, 0)).toBe(-3);
    machine.call(1, CPU_SUSPEND, CPU_DOWN, ENTRY, 0);
    expect(machine.ask(0, CPU_SUSPEND, CLUSTER_DOWN, ENTRY, 0)).toBe(-3);
    expect(machine.call(0, CPU_SUSPEND, CPU_DOWN, ENTRY, 0).kind).toBe('wait');
  });

  test('the others of a domain must be idle at least as deep: INVALID_PARAMETERS', () => {
    const machine = machineOf({}, [1, 2]);
    const other = machineOf({}, []);
    expect(other.ask(0, SET_SUSPEND_MODE, 1)).toBe(0);
    expect(other.call(0, CPU_SUSPEND, CLUSTER_DOWN, ENTRY, 0).kind).toBe('wait');
    machine.ask(0, CPU_ON, 0x101, ENTRY, 0);
    machine.enter(3);
    machine.call(1, CPU_SUSPEND, CLUSTER_RETENTION, ENTRY, 0);
    expect(machine.ask(0, SET_SUSPEND_MODE, 1)).toBe(0);
    expect(machine.ask(0, CPU_SUSPEND, CLUSTER_DOWN, ENTRY, 0)).toBe(-2);
    expect(machine.call(0, CPU_SUSPEND, CPU_DOWN_CLUSTER_RETENTION, ENTRY, 0).kind).toBe('wait');
  });

  test('TF-A asks how deep the others are, not what they asked of the cluster', () => {
    const machine = new TestMachine(psci.firmware({ profile: 'tf-a', build: 'full' }));
    const [standby, core, cluster] = [0x1, 0x4000_0002, 0x4000_0022];
    expect(machine.ask(0, SET_SUSPEND_MODE, 1)).toBe(0);
    for (const cpu of [1, 2]) {
      machine.ask(0, CPU_ON, cpu, ENTRY, 0);
      machine.enter(cpu);
    }
    machine.call(1, CPU_SUSPEND, core, ENTRY, 0);
    expect(machine.ask(0, CPU_SUSPEND, cluster, ENTRY, 0)).toBe(-3);
    machine.call(2, CPU_SUSPEND, standby, ENTRY, 0);
    expect(machine.ask(0, CPU_SUSPEND, cluster, ENTRY, 0)).toBe(-3);
    machine.wake(2);
    machine.call(2, CPU_SUSPEND, core, ENTRY, 0);
    expect(waitOf(machine.call(0, CPU_SUSPEND, cluster, ENTRY, 0)).onWake).toBe('resume');
    machine.wake(2);
    expect(machine.ask(2, STAT_COUNT, 0, cluster)).toBe(1);
    expect(machine.ask(2, STAT_COUNT, 0x100, cluster)).toBe(0);
  });

  test('by states, a domain above clusters goes down when all of them are down', () => {
    const profile = specProfile('1.3');
    const machine = machineOf({ profile: { ...profile, suspend: { ...profile.suspend, last: 'states' } } });
    expect(machine.ask(0, SET_SUSPEND_MODE, 1)).toBe(0);
    machine.call(1, CPU_SUSPEND, CPU_DOWN, ENTRY, 0);
    machine.call(3, CPU_SUSPEND, CPU_DOWN, ENTRY, 0);
    expect(machine.ask(0, CPU_SUSPEND, SYSTEM_DOWN, ENTRY, 0)).toBe(-3);
    machine.call(2, CPU_SUSPEND, CLUSTER_DOWN, ENTRY, 0);
    machine.call(0, CPU_SUSPEND, SYSTEM_DOWN, ENTRY, 0);
    machine.wake(1);
    expect(machine.ask(1, NODE_HW_STATE, 0x100, 1)).toBe(1);
    expect(machine.ask(1, NODE_HW_STATE, 0x0, 1)).toBe(0);
  });

  test('PSCI before 1.0 has no such call', () => {
    expect(machineOf({ version: '0.2' }).ask(0, SET_SUSPEND_MODE, 0)).toBe(-1);
  });
});

describe('CPU_DEFAULT_SUSPEND (5.18), CPU_FREEZE (5.17), SYSTEM_SUSPEND (5.20)', () => {
  test('default suspend resumes at the entry point', () => {
    const machine = machineOf();
    expect(machine.ask(1, CPU_DEFAULT_SUSPEND, 1, 0)).toBe(-9);
    expect(waitOf(machine.call(1, CPU_DEFAULT_SUSPEND, ENTRY, 7)).onWake).toBe('resume');
    expect([...(machine.starts[1]?.w ?? [])]).toEqual([ENTRY, 0, 7, 0]);
    expect(machine.ask(0, NODE_HW_STATE, 1, 0)).toBe(1);
  });

  test('default suspend is not supported without a power-down state of the CPU', () => {
    const machine = machineOf({ idleStates: [] });
    expect(machine.ask(0, CPU_DEFAULT_SUSPEND, ENTRY, 0)).toBe(-1);
  });

  test('a frozen CPU is off and can be started', () => {
    const machine = machineOf();
    expect(machine.call(1, CPU_FREEZE).kind).toBe('off');
    machine.gone(1);
    expect(machine.ask(0, AFFINITY_INFO, 1, 0)).toBe(1);
    expect(machine.ask(0, CPU_ON, 1, ENTRY, 0)).toBe(0);
  });

  test('system suspend is denied while another CPU is on, is being started, or is stopping', () => {
    const machine = machineOf({}, [1]);
    expect(machine.ask(0, SYSTEM_SUSPEND, ENTRY, 0)).toBe(-3);
    expect(machine.ask(0, SYSTEM_SUSPEND, 1, 0)).toBe(-3);
    machine.call(1, CPU_OFF);
    expect(machine.ask(0, SYSTEM_SUSPEND, ENTRY, 0)).toBe(-3);
    machine.gone(1);
    expect(machine.ask(0, SYSTEM_SUSPEND, 1, 0)).toBe(-9);
    machine.ask(0, CPU_ON, 1, ENTRY, 0);
    expect(machine.ask(0, SYSTEM_SUSPEND, ENTRY, 0)).toBe(-3);
  });

  test('the last CPU suspends the system and resumes at the entry point', () => {
    const machine = machineOf({}, []);
    expect(waitOf(machine.call(0, SYSTEM_SUSPEND, ENTRY, 9)).onWake).toBe('resume');
    machine.wake(0);
    expect(machine.ask(0, AFFINITY_INFO, 0, 0)).toBe(0);
  });

  test('TF-A does not suspend the system with an interrupt pending', () => {
    const machine = new TestMachine(psci.firmware({ profile: 'tf-a', build: 'hooks' }));
    machine.pending = true;
    expect(machine.ask(0, SYSTEM_SUSPEND, 0x1000, 0)).toBe(-9);
    expect(machine.ask(0, SYSTEM_SUSPEND, ENTRY, 9)).toBe(0);
  });

  test('a profile may hand it to the machine', () => {
    const profile = specProfile('1.3');
    const machine = machineOf({ profile: { ...profile, suspend: { ...profile.suspend, system: 'asks' } } }, []);
    expect(machine.call(0, SYSTEM_SUSPEND, ENTRY, 9)).toMatchObject({ kind: 'system', event: 'suspend' });
  });
});

describe('statistics (5.22, 5.23)', () => {
  test('count uses of a state and its microseconds, for the CPU and for the domain at its highest level', () => {
    const machine = machineOf();
    machine.call(0, CPU_SUSPEND, CLUSTER_DOWN, ENTRY, 0);
    machine.now = 5_000n;
    machine.call(1, CPU_SUSPEND, CLUSTER_DOWN, ENTRY, 0);
    machine.now = 12_000n;
    machine.wake(1);
    machine.now = 20_000n;
    machine.wake(0);
    expect(machine.ask(0, STAT_COUNT, 0, CPU_DOWN)).toBe(1);
    expect(machine.ask(0, STAT_RESIDENCY, 0, CPU_DOWN)).toBe(20);
    expect(machine.ask(0, STAT_RESIDENCY, 1, CPU_DOWN)).toBe(7);
    expect(machine.ask(0, STAT_COUNT, 1, CLUSTER_DOWN)).toBe(1);
    expect(machine.ask(0, STAT_RESIDENCY, 1, CLUSTER_DOWN)).toBe(7);
    expect(machine.ask(0, STAT_COUNT, 0x100, CLUSTER_DOWN)).toBe(0);
    expect(machine.ask(0, STAT_COUNT, 0, STANDBY)).toBe(0);
  });

  test('what is not valid gives 0', () => {
    const machine = machineOf();
    expect(machine.ask(0, STAT_COUNT, 9, CPU_DOWN)).toBe(0);
    expect(machine.ask(0, STAT_RESIDENCY, 0, 0x2_0000)).toBe(0);
  });

  test('a CPU that is off is not in an idle state; TF-A counts it', () => {
    const machine = machineOf();
    expect(machine.ask(0, STAT_COUNT, 1, CPU_DOWN)).toBe(0);
    const tfa = new TestMachine(psci.firmware({ profile: 'tf-a', build: 'full' }));
    tfa.ask(0, CPU_ON, 1, ENTRY, 0);
    tfa.enter(1);
    for (let i = 0; i < 2; i++) {
      tfa.call(1, CPU_SUSPEND, 0x4000_0002, ENTRY, 0);
      tfa.wake(1);
    }
    expect(tfa.ask(0, STAT_COUNT, 1, 0x4000_0002)).toBe(3);
  });

  test('residency is cut to 32 bits for SMC32', () => {
    const machine = machineOf();
    machine.call(1, CPU_SUSPEND, CPU_DOWN, ENTRY, 0);
    machine.now = 5_000_000_000_000n;
    machine.wake(1);
    expect(machine.ask(0, STAT_RESIDENCY, 1, CPU_DOWN)).toBe(5_000_000_000);
    expect(machine.ask(0, STAT_RESIDENCY_32, 1, CPU_DOWN)).toBe(5_000_000_000 % 2 ** 32);
  });
});
