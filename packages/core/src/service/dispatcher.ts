import type { ConduitKind, Convention } from '../abi/convention.js';
import { hexId } from '../abi/interface.js';
import { CompositionError } from '../errors.js';
import { type Outcome, UNCLAIMED } from '../outcome.js';
import type { Pe } from '../pe.js';
import { type CallGroup, callGroup } from './call-group.js';
import { Door } from './door.js';
import type { Entry, Implementation, RangeHandler } from './implementation.js';

/** A service's implementation and the name by which a composition error calls it. */
export interface Claim {
  readonly owner: string;
  readonly implementation: Implementation;
}

/**
 * Finds the handler of a call and hands it the arguments: all services that stand at one level for one guest.
 *
 * Numbers are looked up in a perfect hash that is found when the table is built; arguments are copied by a function
 * chosen once for the call's shape. A call allocates nothing. A bus keeps the {@link Door} of each conduit.
 */
export class Dispatcher {
  readonly #doors = new Map<ConduitKind, Door>();

  /** Throws {@link CompositionError} where two services claim one number; it names both and the remedy. */
  constructor(claims: readonly Claim[], pes: readonly Pe[]) {
    const groups = fallbacksLast(groupsOf(claims));
    for (const conduit of new Set(groups.flatMap((group) => group.convention.conduits))) {
      const [first, ...further] = groups.filter((group) => group.convention.conduits.includes(conduit));
      if (first) this.#doors.set(conduit, new Door([first, ...further], conduit, pes));
    }
  }

  /** The way in by one conduit, or undefined where no service takes it. */
  door(conduit: ConduitKind): Door | undefined {
    return this.#doors.get(conduit);
  }

  /** Whether any service takes calls by this instruction. */
  claims(conduit: ConduitKind, immediate: number): boolean {
    return this.door(conduit)?.accepts(immediate) ?? false;
  }

  /** Which entry would answer, without calling it: for explanations and interception. */
  find(pe: Pe, conduit: ConduitKind, immediate: number): Entry | RangeHandler | undefined {
    return this.door(conduit)?.find(pe, immediate);
  }

  /** Answers the call that `pe` has made, or {@link UNCLAIMED}. */
  dispatch(pe: Pe, conduit: ConduitKind, immediate: number): Outcome {
    return this.door(conduit)?.dispatch(pe, immediate, pe.state === 'a64') ?? UNCLAIMED;
  }
}

function groupsOf(claims: readonly Claim[]): CallGroup[] {
  const byRule = new Map<string, Claim[]>();
  for (const claim of claims) {
    const rule = ruleOf(claim.implementation.convention);
    const same = byRule.get(rule);
    if (same) same.push(claim);
    else byRule.set(rule, [claim]);
  }
  return [...byRule.values()].map(groupOf);
}

/** What nobody else takes is known only when every group was asked: fallbacks of several groups come after all of them. */
function fallbacksLast(groups: readonly CallGroup[]): readonly CallGroup[] {
  if (groups.length < 2) return groups;
  const part = (group: CallGroup, fallback: boolean) =>
    group.ranges.filter((range) => (range.fallback ?? false) === fallback);
  const last = groups
    .map((group) => callGroup(group.convention, new Map(), part(group, true)))
    .filter(({ ranges }) => ranges.length > 0);
  return [...groups.map((group) => ({ ...group, ranges: part(group, false) })), ...last];
}

function ruleOf(convention: Convention): string {
  return JSON.stringify(Object.entries(convention).filter(([key]) => key !== 'name'));
}

function groupOf(claims: readonly Claim[]): CallGroup {
  const { convention } = (claims[0] as Claim).implementation;
  const owners = new Map<number, Claim>();
  const entries = new Map<number, Entry>();
  for (const claim of claims) {
    for (const entry of claim.implementation.entries) {
      const other = owners.get(entry.id);
      if (other) throw overlap(other, claim, entry);
      owners.set(entry.id, claim);
      entries.set(entry.id, entry);
    }
  }
  return callGroup(convention, entries, rangesOf(claims));
}

function rangesOf(claims: readonly Claim[]): RangeHandler[] {
  const taken: { range: RangeHandler; claim: Claim }[] = [];
  const fallbacks: RangeHandler[] = [];
  for (const claim of claims) {
    for (const range of claim.implementation.ranges) {
      if (range.fallback) {
        fallbacks.push(range);
        continue;
      }
      const other = taken.find((t) => t.range.from <= range.to && range.from <= t.range.to);
      if (other) {
        throw new CompositionError(
          `${other.claim.owner} claims ${span(other.range)} and ${claim.owner} claims ${span(range)}`,
          'leave one of them out',
        );
      }
      taken.push({ range, claim });
    }
  }
  return [...taken.map((t) => t.range), ...fallbacks];
}

function span(range: RangeHandler): string {
  return `${hexId(range.from)} to ${hexId(range.to)}`;
}

function overlap(first: Claim, second: Claim, entry: Entry): CompositionError {
  const both = first.owner === second.owner ? `${first.owner} twice` : `both ${first.owner} and ${second.owner}`;
  return new CompositionError(
    `${entry.declaration.name} (${hexId(entry.id)}) is claimed by ${both}`,
    'leave one of them out, or give one a profile without this call',
  );
}
