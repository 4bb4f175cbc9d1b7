import type { ExceptionLevel, Ports } from '@trapline/core';
import { type BootState, type Environment, RecordingError } from '@trapline/recordings';
import { type GuestServices, PPI_PHYSICAL } from '@trapline/trap-bus';
import type { PlannedCpu, Setting, StagePlan } from './plan.js';

/** Where the program that makes the calls stands, after its entry point. */
const CALL_SITE_OFFSET = 0x1000n;
const MODE_HYP = 0x1a;

/** Who answers on a bare machine, and the ports that are not the default models. */
export interface BareMachineParts {
  readonly services: GuestServices;
  readonly ports?: Partial<Omit<Ports, 'power' | 'interrupts' | 'clock'>>;
}

/**
 * The machine of recordings that were made on bare (emulated) hardware, as PSCI's: `mpidr`, `ram`, `el2` (where absent,
 * there if the callers are at it), `el3`,
 * `guestWidth`, `callerEL` or `callerMode`, and `symbols.entry` of the environment; MIDR and counter frequency of the
 * scenario's `boot`.
 *
 * CPU 0 runs, the others are off. Throws `RecordingError` for an environment that lacks one of these.
 */
export function bareMachine({ environment, scenario }: Setting, { services, ports }: BareMachineParts): StagePlan {
  const entry = BigInt(needed(environment.symbols?.entry, 'symbols.entry'));
  const ram = needed(environment.ram, 'ram');
  const midr = scenario.boot?.midr;
  const el = levelOf(environment, scenario.boot ?? {});
  return {
    entry,
    guests: [
      {
        name: 'machine',
        vcpus: cpusOf(environment, el, entry),
        memory: [{ base: Number(ram.base), size: Number(ram.size) }],
        hasEl2: environment.el2 ?? el === 2,
        hasEl3: environment.el3 ?? false,
        enabled: [PPI_PHYSICAL],
        services,
        ...(midr === undefined ? {} : { midr: Number(midr) }),
        ...(ports === undefined ? {} : { ports }),
      },
    ],
  };
}

function cpusOf(environment: Environment, el: ExceptionLevel, entry: bigint): PlannedCpu[] {
  const narrow = environment.guestWidth === 32;
  const callSite = entry + CALL_SITE_OFFSET;
  return needed(environment.mpidr, 'mpidr').map((mpidr, index) => ({
    mpidr: BigInt(mpidr),
    aarch32: narrow,
    callSite,
    power: index === 0 ? 'running' : 'off',
    boot: { el, state: narrow ? 'a32' : 'a64', entry: callSite },
  }));
}

/** The callers' exception level: as the environment says, or as the program read it (`mode` is a level, or CPSR's mode). */
function levelOf({ guestWidth, callerEL, callerMode }: Environment, { mode }: BootState): ExceptionLevel {
  if (callerEL !== undefined) return callerEL;
  if (callerMode !== undefined) return callerMode === 'hyp' ? 2 : 1;
  if (mode === undefined) return 1;
  return (guestWidth === 32 ? ((Number(mode) & 0x1f) === MODE_HYP ? 2 : 1) : Number(mode) & 3) as ExceptionLevel;
}

function needed<T>(value: T | undefined, field: string): T {
  if (value === undefined) throw new RecordingError(`environment.${field}`, 'is missing');
  return value;
}
