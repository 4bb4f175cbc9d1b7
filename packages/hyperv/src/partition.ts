import { type AttachedGuest, type Call, RestoreError, type Saved } from '@trapline/core';
import type { Control } from './control.js';
import type { Completion, Operation } from './frame.js';
import {
  ACCESS_REFERENCE_COUNTER,
  ACCESS_VP_INDEX,
  type HyperVVersion,
  PARTITION_ID_SELF,
  POST_MESSAGES,
  SIGNAL_EVENTS,
  VP_INDEX_SELF,
  VpRegister,
  versionWords,
  type Words,
} from './registers.js';
import { Code } from './status.js';

/** Bytes of a message at most (openvmm, hvdef, `PostMessage`). */
export const MAX_MESSAGE = 240;

/** Whom a guest reaches by POST_MESSAGE and SIGNAL_EVENT. */
export interface Connection {
  readonly id: number;
  readonly message?: (guest: string, type: number, payload: Uint8Array) => void;
  readonly signal?: (guest: string, flag: number) => void;
}

/** What the partition is told, and whom it reaches. */
export interface HypervisorOptions {
  /** All parts 0 where absent, as openvmm tells. */
  readonly version?: HyperVVersion;
  readonly connections?: readonly Connection[];
}

const USE_TARGET_VTL = 0x10;
const RESERVED_VTL = 0xe0;
/** VTL 2 is the highest that there is. */
const MAX_VTL = 2;
const ZERO: Words = [0, 0, 0, 0];

/** One guest as Hyper-V sees it: a partition with one virtual trust level. */
export class Partition {
  readonly #guest: AttachedGuest;
  readonly #options: HypervisorOptions;
  #guestOsId = 0n;

  constructor(guest: AttachedGuest, options: HypervisorOptions) {
    this.#guest = guest;
    this.#options = options;
  }

  /** Reads registers; INVALID_PARAMETER for one that is not there. */
  get(call: Call, input: DataView, { repStart, repCount }: Control, output: DataView): Completion {
    const wrong = headerError(input);
    if (wrong !== undefined) return { code: wrong, completed: repStart };
    for (let i = repStart; i < repCount; i++) {
      const words = this.#read(call, input.getUint32(16 + 4 * i, true));
      if (words === undefined) return { code: Code.INVALID_PARAMETER, completed: i };
      for (const [word, value] of words.entries()) output.setUint32(16 * i + 4 * word, value, true);
    }
    return { code: Code.SUCCESS, completed: repCount };
  }

  /** Writes registers; INVALID_PARAMETER for one that is not there or is only read. */
  set(input: DataView, { repStart, repCount }: Control): Completion {
    const wrong = headerError(input);
    if (wrong !== undefined) return { code: wrong, completed: repStart };
    for (let i = repStart; i < repCount; i++) {
      const at = 16 + 32 * i;
      if (input.getUint32(at, true) !== VpRegister.GUEST_OS_ID) return { code: Code.INVALID_PARAMETER, completed: i };
      this.#guestOsId = input.getBigUint64(at + 16, true);
    }
    return { code: Code.SUCCESS, completed: repCount };
  }

  /** INVALID_PARAMETER for too long a message, INVALID_CONNECTION_ID where nobody takes it. */
  post(input: DataView): Completion {
    const size = input.getUint32(12, true);
    if (size > MAX_MESSAGE) return { code: Code.INVALID_PARAMETER, completed: 0 };
    const message = this.#connection(input)?.message;
    if (message === undefined) return { code: Code.INVALID_CONNECTION_ID, completed: 0 };
    message(this.#guest.name, input.getUint32(8, true), new Uint8Array(input.buffer.slice(16, 16 + size)));
    return { code: Code.SUCCESS, completed: 0 };
  }

  /** INVALID_CONNECTION_ID where nobody hears it. */
  signal(input: DataView): Completion {
    const signal = this.#connection(input)?.signal;
    if (signal === undefined) return { code: Code.INVALID_CONNECTION_ID, completed: 0 };
    signal(this.#guest.name, input.getUint16(4, true));
    return { code: Code.SUCCESS, completed: 0 };
  }

  reset(): void {
    this.#guestOsId = 0n;
  }

  save(): Saved {
    return String(this.#guestOsId);
  }

  /** Throws {@link RestoreError} for what is no 64-bit number. */
  restore(saved: Saved): void {
    if (typeof saved !== 'string' || !/^\d{1,20}$/.test(saved) || BigInt(saved) >= 2n ** 64n) {
      throw new RestoreError('the guest OS id is wanted, a number of 64 bits');
    }
    this.#guestOsId = BigInt(saved);
  }

  #read(call: Call, register: number): Words | undefined {
    switch (register) {
      case VpRegister.HYPERVISOR_VERSION:
        return this.#options.version === undefined ? ZERO : versionWords(this.#options.version);
      case VpRegister.FEATURES:
        return [ACCESS_REFERENCE_COUNTER | ACCESS_VP_INDEX, POST_MESSAGES | SIGNAL_EVENTS, 0, 0];
      case VpRegister.ENLIGHTENMENTS:
        return ZERO;
      case VpRegister.GUEST_OS_ID:
        return wordsOf(this.#guestOsId);
      case VpRegister.VP_INDEX:
        return [call.pe.index, 0, 0, 0];
      case VpRegister.TIME_REF_COUNT:
        return wordsOf(this.#guest.ports.clock.now() / 100n);
      default:
        return undefined;
    }
  }

  #connection(input: DataView): Connection | undefined {
    const wanted = input.getUint32(0, true);
    return this.#options.connections?.find(({ id }) => id === wanted);
  }
}

/** The calls of a partition by code. */
export function operationsOf(partition: Partition, codes: Readonly<Record<string, number>>): Map<number, Operation> {
  const operations: Readonly<Record<string, Operation>> = {
    GET_VP_REGISTERS: { rep: true, header: 16, input: 4, output: 16, run: (...all) => partition.get(...all) },
    SET_VP_REGISTERS: {
      rep: true,
      header: 16,
      input: 32,
      output: 0,
      run: (_, input, control) => partition.set(input, control),
    },
    POST_MESSAGE: { rep: false, header: 256, input: 0, output: 0, run: (_, input) => partition.post(input) },
    SIGNAL_EVENT: { rep: false, header: 8, input: 0, output: 0, run: (_, input) => partition.signal(input) },
  };
  return new Map(Object.entries(operations).map(([name, operation]) => [codes[name] as number, operation]));
}

/** A call for another partition, processor or trust level (openvmm, virt_hvf and virt_whp). */
function headerError(input: DataView): number | undefined {
  const vtl = input.getUint8(12);
  if ((vtl & RESERVED_VTL) !== 0) return Code.INVALID_PARAMETER;
  const target = (vtl & USE_TARGET_VTL) === 0 ? 0 : vtl & 0xf;
  if (target > MAX_VTL) return Code.INVALID_PARAMETER;
  const self = input.getBigUint64(0, true) === PARTITION_ID_SELF && input.getUint32(8, true) === VP_INDEX_SELF;
  if (!self) return Code.INVALID_PARAMETER;
  return target > 0 ? Code.ACCESS_DENIED : undefined;
}

function wordsOf(value: bigint): Words {
  return [Number(value & 0xffff_ffffn), Number((value >> 32n) & 0xffff_ffffn), 0, 0];
}
