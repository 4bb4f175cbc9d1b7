import { type Environment, type Hex, type MemoryBytes, RecordingError, type Scenario } from '@trapline/recordings';

/** A vCPU as a KVM scenario describes it. */
interface VcpuSettings {
  readonly mpidr: Hex;
  readonly features: readonly string[];
  readonly poweredOn: boolean;
  readonly pc: Hex | null;
  readonly pvtimeIpa: Hex | null;
}

/** A VM as a KVM scenario describes it. */
export interface VmSettings {
  readonly cpus: readonly VcpuSettings[];
  readonly el1_32bit: boolean;
  readonly psciVersionSet: Hex | null;
  readonly bmapsSet: Readonly<Record<string, Hex>>;
  readonly systemSuspendCap: boolean;
  readonly memInit?: readonly MemoryBytes[];
}

/** What a KVM recording says of its host, for the scenario at hand. */
export interface HostSettings {
  readonly fwRegDefaults: Readonly<Record<string, Hex>>;
  readonly kvmCaps: Readonly<Record<string, number>>;
}

/** Firmware registers by name, as ids of KVM_GET_ONE_REG. */
export const FIRMWARE_REGISTERS: Readonly<Record<string, bigint>> = {
  KVM_REG_ARM_PSCI_VERSION: 0x6030_0000_0014_0000n,
  KVM_REG_ARM_STD_BMAP: 0x6030_0000_0016_0000n,
  KVM_REG_ARM_STD_HYP_BMAP: 0x6030_0000_0016_0001n,
  KVM_REG_ARM_VENDOR_HYP_BMAP: 0x6030_0000_0016_0002n,
  KVM_REG_ARM_VENDOR_HYP_BMAP_2: 0x6030_0000_0016_0003n,
};

/** The input of a vCPU that KVM_IRQ_LINE drives: a private interrupt that nothing else here uses. */
export const IRQ_INPUT = 31;

/** The core registers that exits and set-up need. */
export const CORE_X0 = 0x6030_0000_0010_0000n;
export const CORE_PC = 0x6030_0000_0010_0040n;

/** Where the guest program of each vCPU stands, and its call instruction in it. */
export interface GuestCode {
  readonly base: bigint;
  readonly stride: bigint;
  readonly call: bigint;
}

export function guestCode(environment: Environment): GuestCode {
  const code = environment.guestCode as
    | { readonly entryOfVcpu: { readonly base: Hex; readonly stride: Hex }; readonly callInstructionOffset: Hex }
    | undefined;
  if (code === undefined) throw new RecordingError('environment.guestCode', 'is missing');
  const { entryOfVcpu, callInstructionOffset } = code;
  return { base: BigInt(entryOfVcpu.base), stride: BigInt(entryOfVcpu.stride), call: BigInt(callInstructionOffset) };
}

/** The host of a scenario: the one it names among several, or the recording's only one. */
export function hostOf(environment: Environment, { host }: Scenario): HostSettings {
  const hosts = environment.hosts as Readonly<Record<string, HostSettings>> | undefined;
  const found = host === undefined ? (environment as unknown as Partial<HostSettings>) : hosts?.[host];
  if (found?.fwRegDefaults === undefined) throw new RecordingError('environment.fwRegDefaults', 'is missing');
  return { fwRegDefaults: found.fwRegDefaults, kvmCaps: found.kvmCaps ?? {} };
}
