import {
  type AttachedGuest,
  addressOf,
  type Convention,
  defineInterface,
  type GuestPhysical,
  type Handler,
  implement,
  type MemoryPage,
  type Outcome,
  type Pe,
  RETURNED,
  type RunningService,
  returnInt,
  type Service,
  SMCCC,
  UNDEFINED_INSTRUCTION,
  u64,
} from '@trapline/core';
import { parseRecording, type Recording, type Step } from '@trapline/recordings';
import { type FileReport, replay, type XenOptions, xenMachine } from '@trapline/replay';

/** What is wrong with the toy, for one test. */
export interface ToyFaults {
  readonly storesOneMore?: true;
  readonly touches?: { readonly domain: number; readonly address: number };
  readonly signalsNobody?: true;
  readonly keepsMask?: true;
  readonly neverBlocks?: true;
  readonly mapsReadOnly?: true;
  readonly flagsWrong?: true;
  readonly endsOtherwise?: true;
  readonly code?: number;
}

const convention: Convention = {
  ...SMCCC,
  name: 'toy-xen',
  conduits: ['hvc'],
  immediates: [[0xea1, 0xea1]],
  selector: { a64: 16, a32: 12 },
  selectorBits: 64,
  ignoredBits: 0,
  firstArgument: 0,
  narrow: 'by-caller',
};
const call = (id: number) => ({
  id,
  since: '1',
  clause: 'test',
  summary: 'for tests',
  arguments: { a: u64, b: u64, c: u64, d: u64 },
  returns: u64,
});
const abi = defineInterface({
  name: 'toy-xen',
  title: 'A toy hypervisor',
  source: 'this file',
  convention,
  calls: {
    store: call(1),
    signal: call(2),
    block: call(3),
    share: call(4),
    unshare: call(5),
    shutdown: call(6),
    endLater: call(7),
    undefined: call(8),
    start: call(9),
    domctl: call(36),
  },
});

/** A domain of the toy. */
interface ToyDomain {
  readonly id: number;
  readonly guest: AttachedGuest;
  code: number | undefined;
}

const PPI = 31;
const PSTATE_I = 0x80;

/** A hypervisor of ten calls: just enough for every kind of step that Xen's recordings have. */
function toyXen(options: XenOptions, faults: ToyFaults = {}): Service {
  return {
    name: 'toy-xen',
    levels: ['el2'],
    needs: ['power', 'memory', 'interrupts', 'clock', 'system'],
    start: (): RunningService => {
      const domains = new Map<number, ToyDomain>();
      return {
        attach: (guest) => {
          const id = options.domains[guest.name]?.id ?? -1;
          const domain: ToyDomain = { id, guest, code: undefined };
          domains.set(id, domain);
          return {
            implementations: [implement(abi, handlersOf(domain, domains, faults))],
            reset: () => {},
            save: () => null,
            restore: () => {},
          };
        },
      };
    },
  };
}

function handlersOf(own: ToyDomain, domains: ReadonlyMap<number, ToyDomain>, faults: ToyFaults) {
  const { memory, power, interrupts, clock, system } = own.guest.ports;
  const number = (c: Parameters<Handler>[0], i: number): number => Number(c.x[i]);
  const put = (domain: ToyDomain | undefined, address: number, bytes: Uint8Array): boolean =>
    domain?.guest.ports.memory.write(at(address), bytes) ?? false;
  return {
    store: (c) => {
      const stored = put(own, number(c, 0), Uint8Array.of(number(c, 1)));
      if (faults.storesOneMore) put(own, number(c, 0) + 1, Uint8Array.of(1));
      if (faults.touches) put(domains.get(faults.touches.domain), faults.touches.address, Uint8Array.of(1));
      return returnInt(c, stored ? 0 : -14);
    },
    signal: (c) => {
      const target = domains.get(number(c, 0));
      const pe = target?.guest.pes[number(c, 1)];
      if (target && pe && !faults.signalsNobody) target.guest.ports.interrupts.pulse(pe, PPI);
      return returnInt(c, 0);
    },
    block: (c) => {
      if (!faults.keepsMask) c.pe.pstate &= ~PSTATE_I;
      c.pe.x[0] = 0n;
      if (faults.neverBlocks || interrupts.pending(c.pe)) return RETURNED;
      return { kind: 'wait', until: 'interrupt', onWake: 'return', why: 'block' };
    },
    share: (c) => {
      const page = memory.mapping?.page(number(c, 0));
      const access = number(c, 3) === 1 && !faults.mapsReadOnly ? 'write' : 'read';
      const mapping = domains.get(number(c, 1))?.guest.ports.memory.mapping;
      return returnInt(c, mapping?.map(number(c, 2), page as MemoryPage, access) ? 0 : -1);
    },
    unshare: (c) => {
      memory.mapping?.unmap(number(c, 0));
      return returnInt(c, 0);
    },
    shutdown: (c): Outcome => {
      own.code = faults.code ?? number(c, 0);
      if (own.id === 0) return { kind: 'system', event: faults.endsOtherwise ? 'reset' : 'shutdown', detail: {} };
      return { kind: 'wait', until: 'never', onWake: 'return', why: 'shutdown' };
    },
    endLater: (c): Outcome => {
      const raise = (): void => system.raise({ kind: 'system', event: 'reset', detail: {} }, c.pe);
      clock.at(clock.now() + BigInt(number(c, 0)) * 1_000_000n, raise);
      return { kind: 'wait', until: 'never', onWake: 'return', why: 'end' };
    },
    undefined: () => UNDEFINED_INSTRUCTION,
    start: (c) => {
      const target = own.guest.pes[number(c, 0)] as Pe;
      power.startState(target).w.set(c.w.subarray(2, 6));
      power.startState(target).state = c.pe.state;
      power.start(target);
      return returnInt(c, 0);
    },
    domctl: (c) => {
      const bytes = new Uint8Array(128);
      memory.read(at(number(c, 0)), bytes);
      const operand = new DataView(bytes.buffer);
      const domain = domains.get(operand.getUint16(8, true));
      if (own.id !== 0 || operand.getUint32(4, true) !== 0x15 || !domain) return returnInt(c, -1);
      const blocked = domain.guest.ports.power.state(domain.guest.pes[0] as Pe) === 'waiting';
      const ended = domain.code !== undefined;
      const code = (domain.code ?? 0xffff) << 16;
      operand.setUint32(
        20,
        code | (ended ? 4 : 0) | (blocked && !ended ? 0x10 : 0) | (faults.flagsWrong ? 1 : 2),
        true,
      );
      put(own, number(c, 0), bytes);
      return returnInt(c, 0);
    },
  } satisfies Record<string, Handler>;
}

function at(address: number): GuestPhysical {
  return addressOf(address % 2 ** 32, Math.floor(address / 2 ** 32)) as GuestPhysical;
}

const fill = Object.fromEntries(Array.from({ length: 31 }, (_, n) => [`x${n}`, `0xa5a50000000${n.toString(16)}`]));
const common = { guestWidth: 64, fill: { regs: fill }, callState: { nzcv: '0x0', daif: '0x3c0' } };
const domain = (domid: number) => ({
  domid,
  vcpus: 2,
  mpidr: ['0x80000000', '0x80000001'],
  ramBase: '0x40000000',
  ramSize: '0x100000',
  evtchnPPI: PPI,
  gicd: '0x3001000',
  gicr: '0x3020000',
});
const two = (domid: number) => ({
  ...domain(domid),
  image: { base: '0x40080000' },
  operands: { base: '0x40010000', size: '0x4000' },
  holes: ['0x30000000', '0x30001000'],
});

/** One domain, as in the recordings of single domains; `more` is added to the environment. */
export const ONE: object = {
  ...common,
  domain: domain(1),
  memory: { image: { base: '0x40080000', size: '0x1000' }, operands: { base: '0x40010000', size: '0x4000' } },
};
/** Two domains whose memory is looked at after every step. */
export const TWO: object = { ...common, domains: [two(1), two(2)] };

/** A recording of the toy. */
function toyRecording(environment: object, steps: readonly object[], more: object = {}): Recording {
  return parseRecording(
    JSON.stringify({
      subject: { package: 'toy', profile: 'toy', options: {} },
      oracle: 'hand-made',
      recorded: '2026-01-01',
      environment,
      scenarios: [{ id: 'toy', fresh: true, steps, ...more }],
    }),
  );
}

/** Plays steps against the toy. */
export function playToy(
  environment: object,
  steps: readonly object[],
  more: object = {},
  faults: ToyFaults = {},
): FileReport {
  const subjects = {
    toy: (setting: Parameters<typeof xenMachine>[0]) =>
      xenMachine(setting, { hypervisor: (options) => toyXen(options, faults) }),
  };
  return replay(toyRecording(environment, steps, more), { subjects });
}

/** What was found, as step, what, expected, got, reason. */
export function wordsOf({ details }: FileReport): readonly (string | number | null)[][] {
  return details.map(({ step, what, expected, got, reason }) => [step, what, expected, got, reason]);
}

/** A call of the toy by its number. */
export function hypercall(number: number, args: readonly number[], x0: string | null, more: object = {}): Step {
  const registers = Object.fromEntries(args.map((value, i) => [`x${i}`, `0x${value.toString(16)}`]));
  const step = {
    op: 'call',
    conduit: 'hvc',
    imm: '0xea1',
    width: 64,
    in: { ...registers, x16: `0x${number.toString(16)}` },
    out: x0 === null ? null : { x0 },
    ...more,
  };
  return step as unknown as Step;
}

/** Something the program of a domain does. */
export function guest(act: string, fields: object = {}): object {
  return { op: 'guest', do: act, ...fields };
}
