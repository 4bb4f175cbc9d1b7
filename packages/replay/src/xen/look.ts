import type { MemoryStep, SysregStep } from '@trapline/recordings';
import { compareBytes } from '../compare/memory.js';
import { performerOf } from '../play/performer-of.js';
import { hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import type { Stage } from '../stage/stage.js';
import type { DomainSide } from './domain-side.js';
import { REDISTRIBUTOR_BYTES, readRedistributor } from './redistributor.js';
import { INJECTED_ABORT, load } from './stores.js';
import { readRegister } from './system-registers.js';
import type { XenSide } from './xen-side.js';

/** A look at a domain's memory: bytes, or the abort that Xen injects. */
export function playXenMemory(side: XenSide, step: MemoryStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  const domain = side.of(step);
  if (!performer || !domain) return;
  const { addr, at, hex: digits, fault, len = 1 } = step;
  const { memory } = domain.guest.ports;
  if (fault !== undefined) {
    const stopped = load(memory, BigInt(addr), new Uint8Array(len));
    findings.compare(`mem:${addr}`, 'aborts', stopped ? 'aborts' : 'memory');
    findings.compare('fault.esr', fault.esr, INJECTED_ABORT);
    if (stopped) findings.compare('fault.far', fault.far, hex(stopped.address));
  } else if (digits !== undefined) compareBytes(findings, memory, { addr, hex: digits, at }, step);
  side.compareRest(step, findings);
}

/** A read of a system register, or of a register of the interrupt controller. */
export function playXenSysreg(side: XenSide, step: SysregStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  const domain = side.of(step);
  if (!performer || !domain) return;
  const got =
    step.readBy === 'ack'
      ? performer.acknowledged
      : step.mmio
        ? readDevice(domain, BigInt(step.mmio.addr))
        : readRegister(domain, performer, step.name);
  if (got === undefined) {
    findings.skip(step.mmio ? `no device register is modelled at ${step.mmio.addr}` : `no CPU here has ${step.name}`);
    return;
  }
  if (!step.volatile?.includes(step.name)) findings.compare(step.name, step.value, hex(got));
}

function readDevice({ gic, settings }: DomainSide, address: bigint): bigint | undefined {
  const offset = Number(address - BigInt(settings.recorded.gicr));
  const own = gic.privateOf(Math.floor(offset / REDISTRIBUTOR_BYTES));
  const value = own && readRedistributor(own, offset);
  return value === undefined ? undefined : BigInt(value);
}
