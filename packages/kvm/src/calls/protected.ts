import {
  ADDRESS_LIMIT,
  type AttachedGuest,
  addressOf,
  type Call,
  type GuestPhysical,
  type Handler,
  type Handlers,
  NO_ADDRESS,
  RestoreError,
  returnInt,
  type Saved,
} from '@trapline/core';
import { smcccStatus } from '@trapline/smccc';
import type { vendorAbi } from '../abi/vendor.js';

/** What a granule of a protected guest's address space is. */
export type PageState = 'owned' | 'shared' | 'relinquished' | 'mmio' | 'nothing';

/** Granules that differ from what they were at first: a guest cannot make the tables grow beyond this. */
export const MAX_TRACKED_GRANULES: number = 1 << 20;

/** Functions of the feature bitmap: FEATURES, HYP_MEMINFO to MEM_UNSHARE, MMIO guard, MEM_RELINQUISH. */
const UPSTREAM_FUNCTIONS = 0b0000_1001_1101;
const ANDROID_FUNCTIONS = 0b0011_0110_0000 | (1 << 8);

const SHARED = 1;
const RELINQUISHED = 2;
const MMIO = 3;
const NAMES: readonly PageState[] = ['owned', 'shared', 'relinquished', 'mmio'];
const ZERO_ARGUMENTS = 6;

/** A protected VM (pKVM): its memory is its own, until it shares it. */
export interface ProtectedOptions {
  /** Bytes of a granule: the host's page size; 4096 where absent. */
  readonly granule?: 4096 | 16_384 | 65_536;
  /** Whether Android's calls are there as well (MMIO_GUARD_INFO, _ENROLL, _UNMAP, MEM_RELINQUISH). */
  readonly android?: boolean;
}

/**
 * The page states of one protected guest, and the calls that change them (arch/arm64/kvm/hyp/nvhe/pkvm.c,
 * mem_protect.c): a granule is owned until it is shared, shared until it is unshared, gone once it is relinquished.
 *
 * Every call gives INVALID_PARAMETER for a reserved argument that is not zero, an address that is not a granule's, and
 * a state that does not allow it. MMIO may be mapped where no memory is.
 */
export class ProtectedMemory {
  readonly granule: number;
  readonly functions: number;
  readonly #guest: AttachedGuest;
  readonly #android: boolean;
  readonly #states = new Map<number, number>();
  /** MMIO_GUARD_ENROLL: accesses that are neither memory nor mapped as MMIO end in an abort. */
  enrolled = false;

  constructor(guest: AttachedGuest, options: ProtectedOptions) {
    this.#guest = guest;
    this.granule = options.granule ?? 4096;
    this.#android = options.android ?? false;
    this.functions = UPSTREAM_FUNCTIONS | (this.#android ? ANDROID_FUNCTIONS : 0);
  }

  /** What the granule at an address is: for simulators that check the host's accesses. */
  state(address: number): PageState {
    const base = address - (address % this.granule);
    const state = this.#states.get(base);
    if (state !== undefined) return NAMES[state] as PageState;
    return this.#guest.ports.memory.has(base as GuestPhysical, this.granule) ? 'owned' : 'nothing';
  }

  handlers(): Handlers<typeof vendorAbi> {
    const info: Handler = (call) =>
      returnInt(call, isZero(call, 0) ? this.granule : smcccStatus.INVALID_PARAMETER.code);
    const upstream = {
      hypMeminfo: info,
      memShare: this.#change((base) => this.#move(base, 'owned', SHARED)),
      memUnshare: this.#change((base) => this.#move(base, 'shared', undefined)),
      mmioGuardMap: this.#change((base) => this.#mapMmio(base)),
    };
    if (!this.#android) return upstream;
    return {
      ...upstream,
      mmioGuardInfo: info,
      mmioGuardEnroll: (call) => {
        this.enrolled = true;
        return returnInt(call, smcccStatus.SUCCESS.code);
      },
      mmioGuardUnmap: this.#change((base) => this.#move(base, 'mmio', undefined)),
      memRelinquish: this.#change((base) => this.#relinquish(base)),
    };
  }

  reset(): void {
    this.#states.clear();
    this.enrolled = false;
  }

  save(): Saved {
    return { enrolled: this.enrolled, granules: [...this.#states].map(([base, state]) => [base, state]) };
  }

  /** Throws {@link RestoreError} for anything that {@link save} did not give. */
  restore(saved: Saved | undefined): void {
    const { enrolled, granules } = (saved ?? {}) as { readonly enrolled?: Saved; readonly granules?: Saved };
    if (typeof enrolled !== 'boolean' || !Array.isArray(granules) || !granules.every((g) => this.#isGranule(g))) {
      throw new RestoreError('kvm: page states of a protected guest are wanted');
    }
    this.#states.clear();
    this.enrolled = enrolled;
    for (const [base, state] of granules as readonly (readonly [number, number])[]) this.#states.set(base, state);
  }

  #isGranule(entry: Saved): boolean {
    if (!Array.isArray(entry) || entry.length !== 2) return false;
    const [base, state] = entry as readonly Saved[];
    return Number.isSafeInteger(base) && (base as number) % this.granule === 0 && NAMES[state as number] !== undefined;
  }

  #change(change: (base: number) => boolean): Handler {
    return (call) => {
      const base = addressOf((call.w[0] as number) | 0, (call.w[1] as number) | 0);
      const valid = isZero(call, 1) && base !== NO_ADDRESS && base % this.granule === 0 && base < ADDRESS_LIMIT;
      const done = valid && change(base);
      return returnInt(call, done ? smcccStatus.SUCCESS.code : smcccStatus.INVALID_PARAMETER.code);
    };
  }

  #move(base: number, from: PageState, to: number | undefined): boolean {
    if (this.state(base) !== from) return false;
    if (to === undefined) return this.#states.delete(base);
    if (this.#states.size >= MAX_TRACKED_GRANULES) return false;
    this.#states.set(base, to);
    return true;
  }

  /** Mapping a granule twice is no error: the guest's driver may be loaded again. */
  #mapMmio(base: number): boolean {
    return this.state(base) === 'mmio' || this.#move(base, 'nothing', MMIO);
  }

  /** The page goes back to the host, cleared. Where none is mapped there is nothing to give back. */
  #relinquish(base: number): boolean {
    const state = this.state(base);
    if (state === 'nothing' || state === 'relinquished') return true;
    if (!this.#move(base, 'owned', RELINQUISHED)) return false;
    this.#guest.ports.memory.write(base as GuestPhysical, new Uint8Array(this.granule));
    return true;
  }
}

/** Whether the arguments from one on, up to the third, are zero. */
function isZero(call: Call, first: number): boolean {
  for (let half = 2 * first; half < ZERO_ARGUMENTS; half++) if (call.w[half] !== 0) return false;
  return true;
}
