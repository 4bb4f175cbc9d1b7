import { type ExceptionLevel, type PowerState, REGISTER_SLOTS, RestoreError, type Saved } from '@trapline/core';
import { SYSTEM_REGISTERS } from '../cpu/system-registers.js';
import type { Vcpu } from '../cpu/vcpu.js';
import type { WaitRecord } from '../cpu/wait-record.js';
import { flagOf, hex, hexOf, int32Of, listOf, oneOfThese, recordOf } from './values.js';
import { restoreWait, saveWait } from './wait.js';

const STATES = ['a64', 'a32', 't32'] as const;
const ELS: readonly ExceptionLevel[] = [0, 1, 2, 3];
const POWER: readonly PowerState[] = ['running', 'waiting', 'off', 'starting', 'stopping'];

/** All of a vCPU as plain data. System registers that are zero are left out. */
export function saveVcpu(vcpu: Vcpu): Saved {
  const { startState } = vcpu;
  const system: Record<string, Saved> = {};
  for (const name of SYSTEM_REGISTERS) {
    const value = vcpu.read(name);
    if (value !== 0n) system[name] = hex(value);
  }
  return {
    x: Array.from(vcpu.x.subarray(0, REGISTER_SLOTS), hex),
    el: vcpu.el,
    state: vcpu.state,
    secure: vcpu.secure,
    pstate: vcpu.pstate | 0,
    system,
    start: {
      words: Array.from(startState.w, (word) => word | 0),
      el: startState.el,
      state: startState.state,
      bigEndian: startState.bigEndian,
      flags: startState.flags | 0,
      sctlr: startState.sctlr | 0,
    },
    power: vcpu.powerState,
    wait: vcpu.wait ? saveWait(vcpu.wait) : null,
  };
}

/** A vCPU's saved state, checked whole before anything is changed by it. */
export interface RestoredVcpu {
  readonly power: PowerState;
  readonly wait: WaitRecord | undefined;
  /** Puts the registers in. */
  apply(vcpu: Vcpu): void;
}

/** Reads what {@link saveVcpu} gave. Throws {@link RestoreError} for anything else. */
export function readVcpu(saved: Saved | undefined, place: string): RestoredVcpu {
  const record = recordOf(saved, place);
  const x = listOf(record.x, `${place}.x`, REGISTER_SLOTS).map((value, i) => hexOf(value, `${place}.x[${i}]`));
  const el = oneOfThese(record.el, `${place}.el`, ELS);
  const state = oneOfThese(record.state, `${place}.state`, STATES);
  const secure = flagOf(record.secure, `${place}.secure`);
  const pstate = int32Of(record.pstate, `${place}.pstate`);
  const system = readSystem(record.system, `${place}.system`);
  const start = recordOf(record.start, `${place}.start`);
  const words = listOf(start.words, `${place}.start.words`, 4).map((v, i) => int32Of(v, `${place}.start.words[${i}]`));
  const startState = {
    el: oneOfThese(start.el, `${place}.start.el`, ELS),
    state: oneOfThese(start.state, `${place}.start.state`, STATES),
    bigEndian: flagOf(start.bigEndian, `${place}.start.bigEndian`),
    flags: int32Of(start.flags, `${place}.start.flags`),
    sctlr: int32Of(start.sctlr, `${place}.start.sctlr`),
  };
  const power = oneOfThese(record.power, `${place}.power`, POWER);
  const wait = record.wait === null ? undefined : restoreWait(record.wait, `${place}.wait`);
  if ((power === 'waiting') !== (wait !== undefined)) {
    throw new RestoreError(`${place}: ${power}, ${wait ? 'with' : 'without'} something to wait for`);
  }
  return {
    power,
    wait,
    apply: (vcpu) => {
      vcpu.x.set(x);
      vcpu.setLevel(el);
      vcpu.state = state;
      vcpu.secure = secure;
      vcpu.pstate = pstate;
      for (const name of SYSTEM_REGISTERS) vcpu.write(name, system.get(name) ?? 0n);
      vcpu.startState.w.set(words);
      Object.assign(vcpu.startState, startState);
    },
  };
}

function readSystem(saved: Saved | undefined, place: string): ReadonlyMap<string, bigint> {
  const record = recordOf(saved, place);
  const known = new Set<string>(SYSTEM_REGISTERS);
  return new Map(
    Object.entries(record).map(([name, value]) => {
      if (!known.has(name)) throw new RestoreError(`${place}: this vCPU has no register ${name}`);
      return [name, hexOf(value, `${place}.${name}`)];
    }),
  );
}
