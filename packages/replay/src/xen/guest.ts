import type { GuestStep } from '@trapline/recordings';
import { playGuest } from '../play/guest.js';
import { performerOf } from '../play/performer-of.js';
import { bytesOf, hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import type { Performer } from '../stage/performer.js';
import type { Stage } from '../stage/stage.js';
import type { DomainSide } from './domain-side.js';
import { REDISTRIBUTOR_BYTES, writeRedistributor } from './redistributor.js';
import { INJECTED_ABORT, INJECTED_ABORT_VECTOR, type Stopped, store } from './stores.js';
import { writeRegister } from './system-registers.js';
import type { XenSide } from './xen-side.js';

const NS_PER_SECOND = 1_000_000_000n;

interface Scene {
  readonly step: GuestStep;
  readonly stage: Stage;
  readonly findings: Findings;
  readonly domain: DomainSide;
  readonly performer: Performer;
}

/** What a domain's program does itself, where that is Xen's: by `do`. */
const ACTS: Readonly<Record<string, (scene: Scene) => void>> = {
  write: playStore,
  sysreg: writeSystemRegister,
  mmio: writeDevice,
  ack: ({ step, findings, domain, performer }) => {
    const intid = domain.gic.acknowledge(performer.vcpu);
    performer.acknowledged = BigInt(intid);
    if (step.intid !== undefined) findings.compare('intid', hex(step.intid), hex(intid));
  },
  eoi: ({ step, domain, performer }) => domain.gic.endOfInterrupt(performer.vcpu, step.intid ?? 0),
};

/** Something that a domain's program did between calls. */
export function playXenGuest(side: XenSide, step: GuestStep, stage: Stage, findings: Findings): void {
  const domain = side.of(step);
  if (!domain || !Object.hasOwn(ACTS, step.do)) playGuest(step, stage, findings);
  else {
    const performer = performerOf(step, stage, findings);
    if (performer) ACTS[step.do]?.({ step, stage, findings, domain, performer });
  }
  side.compareAlso(step, step.memAlso, {}, findings);
  side.compareRest(step, findings);
}

function playStore({ step, findings, domain }: Scene): void {
  const { addr = '0x0', hex: digits = '', exception, returns, noReturn } = step;
  const bytes = bytesOf(digits);
  const stopped = store(domain.guest.ports.memory, BigInt(addr), bytes);
  const expected = returns === false || noReturn ? 'never completes' : exception ? 'aborts' : 'stored';
  findings.compare(`mem:${addr}`, expected, endOf(stopped));
  const stored = stopped?.bytes ?? bytes.length;
  domain.mirror.put(BigInt(addr), digits.slice(0, 2 * stored));
  if (stopped?.forever) domain.gone = true;
  if (exception === undefined || stopped === undefined) return;
  findings.compare('exception.kind', exception.kind ?? 'sync', 'sync');
  findings.compare('exception.vector', exception.vector ?? INJECTED_ABORT_VECTOR, INJECTED_ABORT_VECTOR);
  findings.compare('exception.esr', exception.esr ?? INJECTED_ABORT, INJECTED_ABORT);
  findings.compare('exception.far', exception.far ?? hex(stopped.address), hex(stopped.address));
  if (step.bytesStored !== undefined) findings.compare('bytesStored', String(step.bytesStored), String(stored));
}

function endOf(stopped: Stopped | undefined): string {
  if (stopped === undefined) return 'stored';
  return stopped.forever ? 'never completes' : 'aborts';
}

function writeSystemRegister({ step, stage, findings, domain, performer }: Scene): void {
  const { name = '', value = '0x0', relative, deltaNs } = step;
  const ticks = (BigInt(deltaNs ?? 0) * BigInt(stage.clock.frequency)) / NS_PER_SECOND;
  const written = relative && deltaNs !== undefined ? fromNow(name, ticks, domain, performer) : BigInt(value);
  if (!writeRegister(domain, performer, name, written)) findings.skip(`no CPU here has ${name}`);
}

/** A value that counts from now: a distance as it is, a comparator after the counter. */
function fromNow(name: string, ticks: bigint, { timers }: DomainSide, { vcpu }: Performer): bigint {
  return name.includes('TVAL') ? ticks : timers.of(vcpu).virtual.count + ticks;
}

function writeDevice({ step, findings, domain }: Scene): void {
  const offset = Number(BigInt(step.addr ?? '0x0') - BigInt(domain.settings.recorded.gicr));
  const own = domain.gic.privateOf(Math.floor(offset / REDISTRIBUTOR_BYTES));
  const through = own && writeRedistributor(own, offset, Number(step.value ?? 0));
  if (through === undefined) findings.skip(`no device register is modelled at ${step.addr}`);
  else findings.compare(`mmio:${step.addr}`, step.exception ? 'aborts' : 'stored', through ? 'stored' : 'aborts');
}
