import type { Outcome, Pe, Service } from '@trapline/core';

/**
 * What a replay needs of whoever answers KVM's recordings: a hypervisor service, and the VMM's side of its VMs under the
 * ioctls' names. The kvm package offers all of it; it comes in by value.
 */
export interface KvmParts {
  hypervisor(options: KvmHypervisorOptions): Service;
  /** The host whose workaround registers hold these levels when a VM is made. */
  hostCpuOfLevels(levels: readonly [number, number, number]): KvmHost;
  /** MPIDR_EL1 of a vCPU by the id it is created with. */
  mpidrOfVcpu(id: number): bigint;
  /** What KVM_CREATE_VCPU says. */
  createVcpuResult(taken: readonly number[], id: number): string;
}

/** What a host's CPUs are told of; the replay hands it through. */
type KvmHost = Readonly<Record<'spectreV2' | 'spectreV4' | 'spectreBhb', KvmVulnerability>> & {
  readonly ssbs: boolean;
};
type KvmVulnerability = 'unaffected' | 'mitigated' | 'vulnerable';

/** How the service is to answer. */
interface KvmHypervisorOptions {
  readonly profile: never;
  readonly hostCpu: KvmHost;
  readonly capabilities: Readonly<Record<string, number>>;
  readonly connect: (vm: KvmVm) => void;
}

/** A VM as its VMM sees it. */
export interface KvmVm {
  readonly vcpus: readonly KvmVcpu[];
  embed(host: { enter(pe: Pe): boolean; decide(pe: Pe, outcome: Outcome): Outcome }): void;
  checkExtension(capability: string): number;
  enableCap(capability: string): string;
  hasDeviceAttr(group: number, attr: number): string;
  setSmcccFilter(range: { readonly base: number; readonly count: number; readonly action: number }): string;
}

/** A register or attribute that was read. */
export interface KvmRead {
  readonly result: string;
  readonly value?: bigint;
}

/** Why KVM_RUN returned. */
export interface KvmExit {
  readonly exitReason: number;
  readonly type?: number;
  readonly data?: readonly bigint[];
  readonly nr?: number;
  readonly args?: readonly bigint[];
  readonly flags?: number;
}

/** A vCPU as its VMM sees it. */
export interface KvmVcpu {
  readonly mpState: number;
  readonly firmwareRegisters: readonly bigint[];
  setMpState(state: number): string;
  init(features: readonly string[]): string;
  run(): { readonly kind: 'guest' | 'blocked' } | { readonly kind: 'exit'; readonly exit: KvmExit };
  exited(outcome: Outcome): KvmExit | undefined;
  signal(): string;
  getOneReg(id: bigint): KvmRead;
  setOneReg(id: bigint, value: bigint): string;
  hasDeviceAttr(group: number, attr: number): string;
  getDeviceAttr(group: number, attr: number): KvmRead;
  setDeviceAttr(group: number, attr: number, value: bigint): string;
}
