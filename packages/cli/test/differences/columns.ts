import { loadRecording, type Recording, type RecordingName } from '@trapline/recordings';

/** One implementation: a column of the page's tables. */
export interface Column {
  readonly title: string;
  readonly name: RecordingName;
  /** The instruction by which its calls are made; the immediate is 0. */
  readonly conduit: 'hvc' | 'smc';
  readonly recording: Recording;
}

const COLUMNS = [
  ['TF-A', 'psci-tfa-default', 'smc'],
  ['TF-A, more services', 'psci-tfa-full', 'smc'],
  ['QEMU 7.2', 'psci-qemu-7.2-hvc', 'hvc'],
  ['KVM 6.1', 'kvm-linux-6.1', 'hvc'],
  ['KVM 6.12', 'kvm-linux-6.12', 'hvc'],
  ['Xen 4.17', 'xen-4.17-domu', 'hvc'],
] as const;

/** The implementations that are compared, all with 64-bit callers. */
export async function loadColumns(): Promise<readonly Column[]> {
  return Promise.all(
    COLUMNS.map(async ([title, name, conduit]) => ({ title, name, conduit, recording: await loadRecording(name) })),
  );
}
