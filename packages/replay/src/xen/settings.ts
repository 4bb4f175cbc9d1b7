import {
  type Environment,
  type Hex,
  RecordingError,
  type XenDomainSettings,
  type XenMemorySettings,
} from '@trapline/recordings';
import type { PlannedCpu } from '../stage/plan.js';

/** Where the program that makes the calls stands in its image. */
const CALL_SITE_OFFSET = 0x400n;
const PAGE_BYTES = 0x1000n;

/** A domain of a recording that makes calls. */
export interface DomainSettings {
  /** The number by which steps name it; undefined where the recording has only this one. */
  readonly actor: number | undefined;
  readonly domid: number;
  /** Its name in the machine. */
  readonly name: string;
  readonly privileged: boolean;
  /** `xen,enhanced`: undefined for an ordinary domain. */
  readonly enhanced: string | undefined;
  readonly recorded: XenDomainSettings;
  /** Physical addresses of the pages that were looked at after every step: RAM, then holes. */
  readonly watched: readonly bigint[];
  readonly holes: readonly bigint[];
  readonly image: bigint;
}

/** A domain's name in the machine. */
export function nameOf(domid: number): string {
  return `domain ${domid}`;
}

/** The domains that make calls: `environment.domain`, or all of `environment.domains`. */
export function domainsOf(environment: Environment): readonly DomainSettings[] {
  const { domain, domains, memory, enhanced } = environment;
  if (domains !== undefined) return domains.map((one) => settingsOf(one, one.domid, {}, one.enhanced));
  if (domain === undefined) throw new RecordingError('environment.domain', 'is missing');
  return [settingsOf(domain, undefined, memory ?? {}, enhanced)];
}

function settingsOf(
  recorded: XenDomainSettings,
  actor: number | undefined,
  memory: XenMemorySettings,
  enhanced: unknown,
): DomainSettings {
  const operands = recorded.operands ?? memory.operands;
  const pages = operands === undefined ? 0 : Number(BigInt(operands.size) / PAGE_BYTES);
  const first = BigInt(operands?.base ?? '0x0');
  const holes = (recorded.holes ?? []).map(BigInt);
  return {
    actor,
    domid: recorded.domid,
    name: nameOf(recorded.domid),
    privileged: recorded.privileged ?? recorded.domid === 0,
    enhanced: typeof enhanced === 'string' ? enhanced : undefined,
    recorded,
    watched: [...Array.from({ length: pages }, (_, page) => first + BigInt(page) * PAGE_BYTES), ...holes],
    holes,
    image: BigInt(recorded.image?.base ?? memory.image?.base ?? recorded.ramBase),
  };
}

/** The vCPUs of a domain: number 0 runs, the others are off. */
export function cpusOf({ image, recorded }: DomainSettings, environment: Environment): PlannedCpu[] {
  const narrow = environment.guestWidth === 32;
  const sctlr = (environment.boot as { readonly sctlr?: Hex } | undefined)?.sctlr;
  const callSite = image + CALL_SITE_OFFSET;
  return Array.from({ length: recorded.vcpus }, (_, index) => ({
    mpidr: BigInt(recorded.mpidr[index] ?? `0x8000000${index}`),
    callSite,
    power: index === 0 ? 'running' : 'off',
    boot: {
      el: 1,
      state: narrow ? 'a32' : 'a64',
      entry: callSite,
      ...(sctlr === undefined ? {} : { sctlr: Number(sctlr) }),
    },
  }));
}

/** PSTATE's flags and masks before every call. */
export function callPstate({ callState }: Environment): number {
  return Number(callState?.cpsr ?? callState?.daif ?? 0) | Number(callState?.nzcv ?? 0);
}
