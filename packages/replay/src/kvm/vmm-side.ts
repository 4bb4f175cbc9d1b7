import type { Service } from '@trapline/core';
import type { VmmStep } from '@trapline/recordings';
import { createMachine, type Machine } from '@trapline/trap-bus';
import { physical } from '../compare/memory.js';
import { bytesOf } from '../registers/hex.js';
import type { Setting } from '../stage/plan.js';
import type { Stage } from '../stage/stage.js';
import type { KvmExit, KvmParts, KvmVcpu, KvmVm } from './parts.js';
import { CORE_PC, FIRMWARE_REGISTERS, type VmSettings } from './settings.js';

/** A VM that the scenario has made by steps. */
interface MadeVm {
  readonly machine: Machine;
  readonly vm: KvmVm;
}

/** The VMM of a scenario: the VM it began with, set up as described, or those that it makes. */
export class VmmSide {
  readonly parts: KvmParts;
  /** Exits that have happened and that no step has looked at, by vCPU. */
  readonly exits = new Map<number, KvmExit>();
  readonly #setting: Setting;
  readonly #makeService: (connect: (vm: KvmVm) => void) => Service;
  readonly #settings: VmSettings | undefined;
  #vm: KvmVm | undefined = undefined;
  #ready = false;
  #made: MadeVm | undefined = undefined;
  /** Ids of the vCPUs of the VM being made. */
  #ids: number[] = [];

  constructor(
    setting: Setting,
    parts: KvmParts,
    makeService: (connect: (vm: KvmVm) => void) => Service,
    settings: VmSettings | undefined,
  ) {
    this.#setting = setting;
    this.parts = parts;
    this.#makeService = makeService;
    this.#settings = settings;
  }

  /** The scenario's VM is there. */
  connect(vm: KvmVm): void {
    this.#vm = vm;
  }

  /** The VM that steps are about now, set up. */
  vm(stage: Stage): KvmVm | undefined {
    if (this.#settings === undefined) return this.#made?.vm;
    if (!this.#ready) this.#setUp(stage, this.#settings);
    return this.#vm;
  }

  vcpu(stage: Stage, step: { readonly vcpu?: number }): KvmVcpu | undefined {
    return this.vm(stage)?.vcpus[step.vcpu ?? 0];
  }

  /** KVM_CREATE_VM. A machine has all its vCPUs from the start, so those that come until CLOSE_VM are made now. */
  createVm(step: VmmStep): string {
    const { steps } = this.#setting.scenario;
    const rest = steps.slice(steps.indexOf(step) + 1);
    const end = rest.findIndex((other) => other.op === 'vmm' && other.action === 'CLOSE_VM');
    const ids = (end < 0 ? rest : rest.slice(0, end)).flatMap((other) =>
      other.op === 'vmm' && other.action === 'KVM_CREATE_VCPU' ? [Number(other.kvmVcpuId)] : [],
    );
    const made: KvmVm[] = [];
    const service = this.#makeService((vm) => made.push(vm));
    const vcpus = ids.map((id) => ({ mpidr: this.parts.mpidrOfVcpu(id), power: 'off' }) as const);
    const machine = createMachine({ guests: [{ name: 'vm', vcpus, services: { el2: [service] } }] });
    const vm = made[0] as KvmVm;
    vm.embed(machine.guest('vm'));
    this.#made = { machine, vm };
    this.#ids = [];
    return 'OK';
  }

  /** KVM_CREATE_VCPU. */
  createVcpu({ kvmVcpuId }: VmmStep): string {
    const id = Number(kvmVcpuId);
    const result = this.parts.createVcpuResult(this.#ids, id);
    if (result === 'OK') this.#ids.push(id);
    return result;
  }

  /** CLOSE_VM. */
  closeVm(): void {
    this.#made?.machine.dispose();
    this.#made = undefined;
  }

  #setUp(stage: Stage, settings: VmSettings): void {
    const guest = stage.machine.guest('vm');
    const vm = this.#vm as KvmVm;
    this.#ready = true;
    vm.embed(guest);
    for (const { addr, hex } of settings.memInit ?? []) {
      guest.ports.memory.write(physical(addr), bytesOf(hex ?? ''));
    }
    if (settings.systemSuspendCap) vm.enableCap('KVM_CAP_ARM_SYSTEM_SUSPEND');
    settings.cpus.forEach((cpu, i) => {
      const vcpu = vm.vcpus[i] as KvmVcpu;
      vcpu.init(cpu.features);
      if (cpu.pc !== null) vcpu.setOneReg(CORE_PC, BigInt(cpu.pc));
      if (cpu.pvtimeIpa !== null) vcpu.setDeviceAttr(2, 0, BigInt(cpu.pvtimeIpa));
      this.#setFirmware(vcpu, settings);
    });
  }

  #setFirmware(vcpu: KvmVcpu, { psciVersionSet, bmapsSet }: VmSettings): void {
    const version = psciVersionSet === null ? {} : { KVM_REG_ARM_PSCI_VERSION: psciVersionSet };
    for (const [name, value] of Object.entries({ ...version, ...bmapsSet })) {
      const id = FIRMWARE_REGISTERS[name];
      if (id !== undefined) vcpu.setOneReg(id, BigInt(value));
    }
  }
}
