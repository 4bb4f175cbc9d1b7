import { NO_ADDRESS, type Saved, virtualAddressOf } from '@trapline/core';
import { RUNSTATE, vcpuRunstateInfo, XEN_RUNSTATE_UPDATE } from '../abi/structures/vcpu.js';
import type { Domain } from '../domain/domain.js';
import { SavedState } from '../domain/saved-state.js';

const TOP_OF_ENTRY_TIME: number = vcpuRunstateInfo.at.stateEntryTime + 7;
const ENTRY_TIME = vcpuRunstateInfo.at.stateEntryTime;

interface RunState {
  state: number;
  entered: bigint;
  readonly time: [bigint, bigint, bigint, bigint];
  /** Stolen time of the PE that is accounted for already. */
  stolen: bigint;
  /** Where the guest wants to read it: guest-virtual, in halves. Zero is nowhere. */
  low: number;
  high: number;
}

/**
 * How long each vCPU has run, wanted to run, slept and been off (vcpu_runstate_info), by the clock port; kept current in
 * the guest's area at each change, as Xen does at each switch of context.
 */
export class RunStates {
  readonly #domain: Domain;
  readonly #states: RunState[];
  /** Whether each vCPU was on when the machine was built: a reset finds all of them halted. */
  readonly #boot: readonly number[];
  readonly #bytes: Uint8Array = new Uint8Array(vcpuRunstateInfo.size);
  readonly #view: DataView = new DataView(this.#bytes.buffer);

  constructor(domain: Domain) {
    this.#domain = domain;
    this.#boot = domain.vcpus.map(({ pe }) =>
      domain.guest?.ports.power.state(pe) === 'off' ? RUNSTATE.offline : RUNSTATE.running,
    );
    this.#states = domain.vcpus.map((_, vcpu) => initial(domain, vcpu, this.#boot[vcpu] as number));
  }

  /** A vCPU goes from one state to another; the same state accounts for the time in it. */
  enter(vcpu: number, state: number): void {
    const own = this.#account(vcpu);
    if (own === undefined) return;
    own.state = state;
    this.#publish(vcpu, own);
  }

  /**
   * VCPUOP_register_runstate_memory_area: any address is taken, and what cannot be written there is not. The first
   * content is written at once, in the caller's translation: its own as it stood at the last change, another vCPU's up to
   * now.
   */
  register(caller: number, vcpu: number, low: number, high: number): void {
    const own = this.#states[vcpu];
    if (own === undefined) return;
    own.low = low;
    own.high = high;
    this.#write(caller, own, vcpu === caller ? own.time : this.#upToNow(own), false);
  }

  /** As at the start, without any area. */
  reset(): void {
    for (let i = 0; i < this.#states.length; i++) this.#states[i] = initial(this.#domain, i, this.#boot[i] as number);
  }

  save(): Saved {
    return {
      vcpus: this.#states.map(({ state, entered, time, stolen, low, high }) => ({
        state,
        entered: `${entered}`,
        time: time.map(String),
        stolen: `${stolen}`,
        area: [low, high],
      })),
    };
  }

  restore(saved: Saved): void {
    const states = new SavedState(saved, 'runstates').parts('vcpus', this.#states.length).map((part) => {
      const [low, high] = part.integers('area', 0, 0xffff_ffff, 2) as [number, number];
      const time = part.bigints('time', 4) as RunState['time'];
      const state = part.integer('state', RUNSTATE.running, RUNSTATE.offline);
      return { state, entered: part.bigint('entered'), time, stolen: part.bigint('stolen'), low, high };
    });
    states.forEach((state, i) => {
      this.#states[i] = state;
    });
  }

  /** Adds the time since the last change to the state it was spent in; stolen time was spent waiting for a CPU. */
  #account(vcpu: number): RunState | undefined {
    const own = this.#states[vcpu];
    const guest = this.#domain.guest;
    const pe = guest?.pes[vcpu];
    if (own === undefined || guest === undefined || pe === undefined) return undefined;
    const { clock } = guest.ports;
    const now = clock.now();
    const stolen = clock.stolen(pe);
    const spent = now > own.entered ? now - own.entered : 0n;
    const waited = own.state === RUNSTATE.running ? within(spent, stolen - own.stolen) : 0n;
    own.time[own.state] = (own.time[own.state] as bigint) + spent - waited;
    own.time[RUNSTATE.runnable] += waited;
    own.entered = now;
    own.stolen = stolen;
    return own;
  }

  #publish(vcpu: number, own: RunState): void {
    if (own.low !== 0 || own.high !== 0) this.#write(vcpu, own, own.time, this.#domain.assists.runstateUpdateFlag);
  }

  /** The times as they are now, of a vCPU that stays as it is (vcpu_runstate_get). */
  #upToNow(own: RunState): bigint[] {
    const time: bigint[] = [...own.time];
    const now = this.#domain.guest?.ports.clock.now() ?? 0n;
    if (now > own.entered) time[own.state] = (time[own.state] as bigint) + now - own.entered;
    return time;
  }

  /** With the flag the guest can tell a copy that is being written: the top byte of the time goes first and last. */
  #write(vcpu: number, own: RunState, time: readonly bigint[], flagged: boolean): void {
    const { memory, vcpus } = this.#domain;
    const by = vcpus[vcpu];
    const address = virtualAddressOf(own.low, own.high);
    if (by === undefined || address === NO_ADDRESS) return;
    const top = this.#bytes.subarray(TOP_OF_ENTRY_TIME, TOP_OF_ENTRY_TIME + 1);
    const entered = flagged ? own.entered | XEN_RUNSTATE_UPDATE : own.entered;
    vcpuRunstateInfo.encode({ state: own.state, stateEntryTime: entered, time }, this.#bytes);
    if (flagged) memory.write(by, address + TOP_OF_ENTRY_TIME, top);
    memory.write(by, address, this.#bytes);
    if (!flagged) return;
    this.#view.setBigUint64(ENTRY_TIME, own.entered, true);
    memory.write(by, address + TOP_OF_ENTRY_TIME, top);
  }
}

function initial({ guest }: Domain, vcpu: number, state: number): RunState {
  const pe = guest?.pes[vcpu];
  const entered = guest?.ports.clock.now() ?? 0n;
  const stolen = pe === undefined ? 0n : (guest?.ports.clock.stolen(pe) ?? 0n);
  return { state, entered, time: [0n, 0n, 0n, 0n], stolen, low: 0, high: 0 };
}

/** How much of a time can have been stolen: a clock that counts it in larger steps may say more, or less than nothing. */
function within(spent: bigint, stolen: bigint): bigint {
  if (stolen < 0n) return 0n;
  return stolen < spent ? stolen : spent;
}
