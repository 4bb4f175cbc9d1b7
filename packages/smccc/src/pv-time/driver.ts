import {
  ADDRESS_LIMIT,
  type ClientOf,
  createClient,
  type Driver,
  type GuestPhysical,
  isStatus,
  type MemoryPort,
} from '@trapline/core';
import type { Smccc } from '../arch/driver.js';
import { PV_TIME_FEATURES, pvTimeAbi } from './abi.js';
import { STOLEN_TIME_OFFSET, STOLEN_TIME_SIZE } from './structure.js';

/** How often a reader looks again at a counter that changes under its eyes. */
export const MAX_READ_TRIES = 8;

/** Stolen time as a guest has found it. */
export interface PvTime {
  readonly calls: ClientOf<typeof pvTimeAbi>;
  /**
   * The reader of the calling CPU's structure: nanoseconds for which it was kept from running. To be made on that CPU.
   * Undefined where the CPU has no structure, or one that is not memory or has another revision than 0.
   */
  reader(): (() => bigint) | undefined;
}

/** The driver of PV time: it has no node, and is there where SMCCC_ARCH_FEATURES knows it (DEN0057A, 3). */
export function pvTimeDriver(smccc: Driver<Smccc>): Driver<PvTime> {
  return {
    name: 'pv-time',
    compatible: [],
    needs: [smccc],
    bind: (context) => {
      const { memory } = context;
      const found = context.get(smccc);
      if (!memory || !found.has(PV_TIME_FEATURES)) return undefined;
      const calls = createClient(pvTimeAbi, found.conduit);
      const { id } = pvTimeAbi.calls.stolenTime;
      if (isStatus(calls.features({ function: id >>> 0 }))) return undefined;
      return { calls, reader: () => readerOf(calls, memory) };
    },
  };
}

function readerOf(calls: ClientOf<typeof pvTimeAbi>, memory: MemoryPort): (() => bigint) | undefined {
  const address = calls.stolenTime();
  if (typeof address !== 'bigint' || address >= BigInt(ADDRESS_LIMIT - STOLEN_TIME_SIZE)) return undefined;
  const base = Number(address);
  const head = new Uint32Array(2);
  if (!memory.read(base as GuestPhysical, new Uint8Array(head.buffer)) || head[0] !== 0) return undefined;
  return counterReader(memory, (base + STOLEN_TIME_OFFSET) as GuestPhysical);
}

/**
 * Reads the counter until two readings agree: memory that is not copied in one piece could give half of an update. After
 * {@link MAX_READ_TRIES} the greater one counts, for stolen time does not run backwards.
 */
function counterReader(memory: MemoryPort, counter: GuestPhysical): () => bigint {
  const word = new BigUint64Array(1);
  const bytes = new Uint8Array(word.buffer);
  let last = 0n;
  return () => {
    let before = last;
    for (let tries = 0; tries < MAX_READ_TRIES; tries++) {
      if (!memory.read(counter, bytes)) return last;
      const now = word[0] as bigint;
      if (now === before && tries > 0) break;
      before = now;
    }
    if (before > last) last = before;
    return last;
  };
}
