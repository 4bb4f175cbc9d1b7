import { createVcpuResult, hostCpuOfLevels, hypervisor, mpidrOfVcpu } from '@trapline/kvm';
import { loadRecording, type Recording, type RecordingName } from '@trapline/recordings';
import { kvmMachine, replay, type Setting } from '@trapline/replay';
import { expect, test } from 'vitest';

const subjects = {
  kvm: (setting: Setting) => kvmMachine(setting, { hypervisor, hostCpuOfLevels, mpidrOfVcpu, createVcpuResult }),
};
const NAMES = ['kvm-linux-6.1', 'kvm-linux-6.1-cpus', 'kvm-linux-6.12'] as const satisfies readonly RecordingName[];

for (const name of NAMES) {
  test(`${name}: every call, exit, boot and VMM step is as recorded`, async () => {
    const report = replay(await loadRecording(name), { subjects });
    expect(report.details).toEqual([]);
    expect(report.equal).toBe(report.calls);
  });
}

test('the two kernels differ in what they make of SMC and in the filter alone', async () => {
  const report = replay(await loadRecording('kvm-linux-6.1'), { subjects, profile: 'linux-6.12' });
  const scenarios = new Set(report.details.map(({ scenario }) => scenario.replace(/^aa32-/, '')));
  expect([...scenarios].every((id) => id.startsWith('conduit') || id === 'smccc-filter')).toBe(true);
  expect(report.different).toBeGreaterThan(0);
});

test('hosts by name answer as the hosts that were recorded', async () => {
  const byName = {
    kvm: (setting: Setting) =>
      kvmMachine(setting, {
        hypervisor: (options) => hypervisor({ ...options, hostCpu: setting.scenario.host ?? 'max' }),
        hostCpuOfLevels,
        mpidrOfVcpu,
        createVcpuResult,
      }),
  };
  for (const name of ['kvm-linux-6.1-cpus', 'kvm-linux-6.12'] as const) {
    expect(replay(await loadRecording(name), { subjects: byName }).details).toEqual([]);
  }
});

/** One wrong digit in one observation. */
async function damaged(change: (recording: Recording) => void): Promise<number> {
  const recording = structuredClone(await loadRecording('kvm-linux-6.12'));
  change(recording);
  return replay(recording, { subjects }).different;
}

type Loose = { [field: string]: unknown };

function first(recording: Recording, fits: (step: Loose) => boolean): Loose {
  return recording.scenarios.flatMap(({ steps }) => steps as readonly unknown[] as Loose[]).find(fits) as Loose;
}

test.each([
  [
    'a result',
    (r: Recording) => {
      (first(r, (s) => s.op === 'call' && s.returns !== false).out as Loose).x0 = '0x77';
    },
  ],
  [
    'an exit',
    (r: Recording) => {
      first(r, (s) => s.op === 'exit').type = 3;
    },
  ],
  [
    'a program counter at an exit',
    (r: Recording) => {
      (first(r, (s) => s.op === 'exit').regs as Loose).pcMinusInsn = 0;
    },
  ],
  [
    'a first state',
    (r: Recording) => {
      first(r, (s) => s.op === 'boot').sctlr_el1 = '0xc50079';
    },
  ],
  [
    'an errno',
    (r: Recording) => {
      first(r, (s) => s.action === 'KVM_SET_ONE_REG' && s.result === 'EINVAL').result = 'OK';
    },
  ],
  [
    'an MP state',
    (r: Recording) => {
      first(r, (s) => s.action === 'KVM_GET_MP_STATE').value = 10;
    },
  ],
])('a recording with a wrong digit in %s is seen through', async (_, change) => {
  expect(await damaged(change)).toBe(1);
});
