import type { VmmStep } from '@trapline/recordings';
import { compareBytes, physical } from '../compare/memory.js';
import { bytesOf, hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import type { Stage } from '../stage/stage.js';
import type { KvmRead, KvmVcpu, KvmVm } from './parts.js';
import { IRQ_INPUT } from './settings.js';
import type { VmmSide } from './vmm-side.js';

/** Everything an action acts on. */
interface Scene {
  readonly step: VmmStep;
  readonly stage: Stage;
  readonly findings: Findings;
  readonly side: VmmSide;
  readonly vm: KvmVm;
  readonly vcpu: KvmVcpu;
}

type Action = (scene: Scene) => void;

/** Coprocessors of register ids that the firmware registers are (bits 27:16). */
const FIRMWARE_GROUPS: readonly number[] = [0x14, 0x16];
const GROUP_SHIFT = 16n;

/** What the VMM does, by the action's name; actions on VMs that are not there yet are the other table's. */
const ACTIONS: Readonly<Record<string, Action>> = {
  KVM_GET_ONE_REG: ({ step, findings, vcpu }) => compareRead(step, findings, vcpu.getOneReg(number(step.regId))),
  KVM_SET_ONE_REG: ({ step, findings, vcpu }) =>
    compareResult(step, findings, vcpu.setOneReg(number(step.regId), number(step.value))),
  KVM_GET_REG_LIST: getRegList,
  KVM_IRQ_LINE: irqLine,
  KVM_GET_MP_STATE: ({ step, findings, vcpu }) =>
    findings.compare('mp_state', String(step.value), String(vcpu.mpState)),
  KVM_SET_MP_STATE: ({ step, findings, vcpu }) => compareResult(step, findings, vcpu.setMpState(Number(step.value))),
  KVM_RUN: run,
  SIGNAL_VCPU: ({ step, findings, vcpu }) => compareResult(step, findings, vcpu.signal()),
  KVM_CHECK_EXTENSION: ({ step, findings, vm }) =>
    findings.compare(String(step.cap), String(step.value), String(vm.checkExtension(String(step.cap)))),
  KVM_ENABLE_CAP: ({ step, findings, vm }) => compareResult(step, findings, vm.enableCap(String(step.cap))),
  KVM_HAS_DEVICE_ATTR: ({ step, findings, vm, vcpu }) =>
    compareResult(step, findings, (step.fd === 'vm' ? vm : vcpu).hasDeviceAttr(Number(step.group), Number(step.attr))),
  KVM_GET_DEVICE_ATTR: ({ step, findings, vcpu }) =>
    compareRead(step, findings, vcpu.getDeviceAttr(Number(step.group), Number(step.attr))),
  KVM_SET_DEVICE_ATTR: setDeviceAttr,
  KVM_ARM_VCPU_INIT: ({ step, findings, vcpu }) =>
    compareResult(step, findings, vcpu.init(step.features as readonly string[])),
  READ_MEMORY: ({ step, stage, findings }) =>
    compareBytes(findings, memoryOf(stage), { addr: step.addr as never, hex: String(step.hex) }, step),
  WRITE_MEMORY: ({ step, stage }) => {
    memoryOf(stage).write(physical(step.addr as never), bytesOf(String(step.hex)));
  },
  /** Nothing of a host's scheduler is compared: stolen time is volatile. */
  HOST_LOAD: () => {},
};

/** One thing that the VMM did. */
export function playVmm(side: VmmSide, step: VmmStep, stage: Stage, findings: Findings): void {
  switch (step.action) {
    case 'KVM_CREATE_VM':
      compareResult(step, findings, side.createVm(step));
      return;
    case 'KVM_CREATE_VCPU':
      compareResult(step, findings, side.createVcpu(step));
      return;
    case 'CLOSE_VM':
      side.closeVm();
      return;
  }
  const vm = side.vm(stage);
  const vcpu = side.vcpu(stage, step);
  if (!Object.hasOwn(ACTIONS, step.action)) findings.skip(`a VMM that does ${step.action}`);
  else if (vm === undefined || vcpu === undefined) findings.skip(`there is no vCPU ${step.vcpu ?? 0}`);
  else ACTIONS[step.action]?.({ step, stage, findings, side, vm, vcpu });
}

function getRegList({ step, findings, vcpu }: Scene): void {
  const groups = (step.coprocFilter as readonly string[]).map(Number);
  if (!groups.every((group) => FIRMWARE_GROUPS.includes(group))) {
    findings.skip('only firmware registers are listed here');
    return;
  }
  const listed = vcpu.firmwareRegisters.filter((id) => groups.includes(Number((id >> GROUP_SHIFT) & 0xfffn)));
  findings.compare('regIds', (step.regIds as readonly string[]).join(' '), listed.map(hex).join(' '));
}

function irqLine({ step, stage, findings }: Scene): void {
  const performer = stage.performer(step);
  if (performer === undefined || step.irqType !== 'cpu') {
    findings.skip(`no interrupt input of the kind ${String(step.irqType)}`);
    return;
  }
  performer.guest.ports.interrupts.setLevel(performer.vcpu, IRQ_INPUT, step.level === 1);
  compareResult(step, findings, 'OK');
}

/** A vCPU whose call has not entered its wait yet is inside KVM_RUN by now. */
function run({ step, side, findings, vcpu }: Scene): void {
  const result = vcpu.run();
  if (result.kind === 'exit') side.exits.set(step.vcpu ?? 0, result.exit);
  findings.compare('KVM_RUN', String(step.outcome), result.kind === 'blocked' ? 'blocked' : 'returned');
}

function setDeviceAttr({ step, findings, vm, vcpu }: Scene): void {
  const { group, attr } = step;
  if (step.fd !== 'vm') {
    compareResult(step, findings, vcpu.setDeviceAttr(Number(group), Number(attr), number(step.value)));
    return;
  }
  const known = vm.hasDeviceAttr(Number(group), Number(attr));
  const range = { base: Number(step.base), count: Number(step.count), action: Number(step.filterAction) };
  compareResult(step, findings, known === 'OK' ? vm.setSmcccFilter(range) : known);
}

function memoryOf(stage: Stage) {
  return stage.machine.guest('vm').ports.memory;
}

function number(value: unknown): bigint {
  return BigInt(String(value));
}

function compareResult(step: VmmStep, findings: Findings, result: string): void {
  if (step.result !== undefined) findings.compare('result', String(step.result), result);
}

function compareRead(step: VmmStep, findings: Findings, { result, value }: KvmRead): void {
  compareResult(step, findings, result);
  if (step.value === undefined || step.volatile?.includes('value')) return;
  findings.compare(String(step.reg ?? 'value'), hex(number(step.value)), value === undefined ? 'nothing' : hex(value));
}
