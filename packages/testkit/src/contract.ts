import { type CallDeclaration, type Interface, type Outcome, type Saved, SMC64 } from '@trapline/core';
import type { Guest, Vcpu } from '@trapline/trap-bus';
import fc from 'fast-check';
import { fuzzCalls } from './fuzz.js';
import { createWorld, type Subject, type World } from './subject.js';
import { callArbitrary } from './values.js';

/** What a contract run may be told about a subject that is not like the rest. */
export interface ContractOptions extends Subject {
  /** The name in a report; the service's where absent. */
  readonly name?: string;
  /** X0 after an unknown number, as a 64-bit caller reads it: −1 where absent; undefined where nothing answers it. */
  readonly unknown?: bigint | undefined;
  /** Whether high halves count in SMC32 calls, as they do where a profile follows QEMU. */
  readonly readsHighHalves?: boolean;
  /** Random calls in the longest of the tests. */
  readonly calls?: number;
}

const MINUS_ONE = 2n ** 64n - 1n;
const JUNK = 0xdead_beefn << 32n;
/** Calls of one property run: enough for a CPU to start, stop and start again. */
const STORY = 12;

/** One rule of the contract, and how it is checked. `check` throws where the subject breaks it. */
export interface ContractCheck {
  readonly rule: string;
  check(): void;
}

/**
 * The rules that every service keeps, whatever it does: unknown numbers, widths, high halves, registers it must not
 * touch, save and restore at every step, reset, no throw for any call.
 */
export function contractChecks(options: ContractOptions): readonly ContractCheck[] {
  return [
    unknownNumbers(options),
    highHalves(options),
    aarch32(options),
    saveAndRestore(options),
    reset(options),
    {
      rule: 'any call with any arguments returns a code and keeps the registers that are not its results',
      check: () => fuzzCalls(options, { calls: options.calls ?? 20_000, seed: 1 }),
    },
  ].filter((check) => check !== undefined);
}

function unknownNumbers(options: ContractOptions): ContractCheck | undefined {
  const unknown = 'unknown' in options ? options.unknown : MINUS_ONE;
  if (unknown === undefined) return undefined;
  const check = (): void => {
    const declared = new Set(options.interfaces.flatMap((abi) => abi.all.flatMap((c) => [c.id, c.wideId ?? c.id])));
    const id = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
    const { guest } = createWorld(options);
    fc.assert(
      fc.property(id, (number) => {
        fc.pre(!declared.has(number) && (number & 0x00ff_0000) === 0 && (number & 0xff00) !== 0xff00);
        const vcpu = guest.vcpus[0] as Vcpu;
        fill(vcpu);
        vcpu.x[0] = BigInt.asUintN(32, BigInt(number));
        const outcome = execute(guest, options, 0);
        return outcome.kind === 'returned' && vcpu.x[0] === unknown && [...vcpu.x.slice(1, 31)].every(isFill);
      }),
    );
  };
  return { rule: 'a number that nobody declares gets NOT_SUPPORTED and changes nothing else', check };
}

function highHalves(options: ContractOptions): ContractCheck | undefined {
  if (options.readsHighHalves) return undefined;
  const check = (): void => {
    fc.assert(
      fc.property(anyCall(options), ({ abi, id, args }) => {
        fc.pre(abi.convention.narrow === 'by-id' && (id & SMC64) === 0);
        const with32 = (high: bigint): HighHalves => {
          const values = args.map((value) => (value & 0xffff_ffffn) | high);
          const { outcome, x } = answer(createWorld(options), options, abi, id, values);
          return { outcome, values, results: resultsOf(abi, id, x) };
        };
        equal(...answersIn(abi, with32(JUNK), with32(0n)));
      }),
      { numRuns: 200 },
    );
  };
  return { rule: 'an SMC32 call answers the same whatever the high halves of its arguments hold', check };
}

interface HighHalves {
  readonly outcome: string;
  readonly values: readonly bigint[];
  readonly results: readonly bigint[];
}

/** Both answers without the result registers that a failed call left as its arguments, junk and all. */
function answersIn(abi: Interface, junk: HighHalves, clean: HighHalves): [unknown, unknown] {
  const shift = abi.convention.firstResult - abi.convention.firstArgument;
  const left = ({ results, values }: HighHalves, i: number): boolean => results[i] === values[i + shift];
  const kept = junk.results.map((_, i) => left(junk, i) && left(clean, i));
  const seen = ({ outcome, results }: HighHalves): unknown => [outcome, results.filter((_, i) => !kept[i])];
  return [seen(junk), seen(clean)];
}

function aarch32(options: ContractOptions): ContractCheck {
  const check = (): void => {
    const subject = { ...options, guest: { ...options.guest, vcpus: a32Vcpus(options) } };
    fc.assert(
      fc.property(anyCall(options), ({ abi, id, args }) => {
        const { x } = answer(createWorld(subject), options, abi, id, args);
        equal(
          x.filter((value) => value >= 2n ** 32n),
          [],
        );
        if (abi.convention.smc64NeedsA64 && (id & SMC64) !== 0 && !('unknown' in options)) {
          equal(x[0], 0xffff_ffffn);
        }
      }),
      { numRuns: 200 },
    );
  };
  return { rule: 'an AArch32 caller gets a 32-bit answer, and NOT_SUPPORTED for every SMC64 number', check };
}

function saveAndRestore(options: ContractOptions): ContractCheck {
  const check = (): void => {
    const story = fc.array(fc.tuple(anyCall(options), fc.nat(3)), { minLength: 1, maxLength: STORY });
    fc.assert(
      fc.property(story, (steps) => {
        const through = createWorld(options);
        let hopping = createWorld(options);
        for (const [{ abi, id, args }, cpu] of steps) {
          const saved = JSON.parse(JSON.stringify(hopping.machine.save())) as Saved;
          hopping = createWorld(options);
          hopping.machine.restore(saved);
          equal(answer(hopping, options, abi, id, args, cpu), answer(through, options, abi, id, args, cpu));
        }
        equal(hopping.machine.save(), through.machine.save());
      }),
      { numRuns: 60 },
    );
  };
  return { rule: 'saved and restored before every call, a story goes on as if nothing had been', check };
}

function reset(options: ContractOptions): ContractCheck {
  const check = (): void => {
    fc.assert(
      fc.property(fc.array(anyCall(options), { maxLength: STORY }), (calls) => {
        const { machine, guest } = createWorld(options);
        const fresh = services(guest);
        for (const { abi, id, args } of calls) answer({ machine, guest }, options, abi, id, args);
        guest.reset();
        equal(services(guest), fresh);
      }),
      { numRuns: 60 },
    );
  };
  return { rule: 'reset brings back the state of the beginning', check };
}

function services(guest: Guest): Saved[] {
  return guest.services.map((service) => service.attachment.save());
}

/** A declared call in one of its forms, with arguments worth trying. */
function anyCall(subject: Subject): fc.Arbitrary<{ abi: Interface; id: number; args: readonly bigint[] }> {
  const all = subject.interfaces.flatMap((abi) => abi.all.map((call): [Interface, CallDeclaration] => [abi, call]));
  return fc
    .constantFrom(...all)
    .chain(([abi, call]) => callArbitrary(call, subject.valid).map(({ id, arguments: args }) => ({ abi, id, args })));
}

/** What one call comes to: outcome and registers. CPUs that started or wait get on, so that the next call finds one. */
function answer(
  world: World,
  subject: Subject,
  abi: Interface,
  id: number,
  args: readonly bigint[],
  cpu = 0,
): { outcome: string; x: readonly bigint[] } {
  const { guest } = world;
  const vcpu = running(guest, cpu);
  if (!vcpu) return { outcome: 'nobody runs', x: [] };
  const { convention } = abi;
  const a64 = vcpu.state === 'a64';
  vcpu.x.fill(0n, 0, 31);
  if (convention.selector !== 'immediate') {
    vcpu.x[a64 ? convention.selector.a64 : convention.selector.a32] = BigInt.asUintN(32, BigInt(id));
  }
  args.forEach((value, i) => {
    vcpu.x[convention.firstArgument + i] = a64 ? value : value & 0xffff_ffffn;
  });
  const immediate = convention.selector === 'immediate' ? id : convention.immediates[0]?.[0];
  const outcome = execute(guest, subject, vcpu.index, immediate);
  const x = [...vcpu.x.slice(0, 18)];
  for (const other of guest.vcpus) {
    if (other.powerState === 'starting') guest.enter(other);
    if (other.powerState === 'waiting') guest.wake(other);
  }
  return { outcome: words(outcome), x };
}

/** The registers of a call's results: the others may hold its arguments. */
function resultsOf(abi: Interface, id: number, x: readonly bigint[]): readonly bigint[] {
  const first = abi.convention.firstResult;
  return x.slice(first, first + Math.max(1, abi.find(id)?.resultTypes.length ?? 1));
}

function running(guest: Guest, first: number): Vcpu | undefined {
  const { vcpus } = guest;
  return Array.from({ length: vcpus.length }, (_, i) => vcpus[(first + i) % vcpus.length] as Vcpu).find(
    (vcpu) => vcpu.powerState === 'running',
  );
}

function execute(guest: Guest, subject: Subject, cpu: number, immediate = 0): Outcome {
  return guest.caller(cpu).execute(subject.conduit ?? 'smc', immediate);
}

function a32Vcpus(subject: Subject): { readonly aarch32: true; readonly boot: { readonly state: 'a32' } }[] {
  const vcpus = subject.guest?.vcpus ?? 4;
  const count = typeof vcpus === 'number' ? vcpus : vcpus.length;
  return Array.from({ length: count }, () => ({ aarch32: true, boot: { state: 'a32' } }) as const);
}

const FILL = 0x5a5a_1234_5a5a_5678n;

function fill(vcpu: Vcpu): void {
  vcpu.x.fill(FILL, 0, 31);
}

function isFill(value: bigint): boolean {
  return value === FILL;
}

/** Plain data as text, for comparison and for the report of what differs. */
function words(data: unknown): string {
  return JSON.stringify(data, (_, value: unknown) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value));
}

function equal(got: unknown, expected: unknown): void {
  if (words(got) !== words(expected)) throw new Error(`expected ${words(expected)}, got ${words(got)}`);
}
