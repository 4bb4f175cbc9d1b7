import {
  type AttachedGuest,
  type Attachment,
  type Call,
  type Convention,
  type Handlers,
  type Implementation,
  implement,
  perGuest,
  RETURNED,
  type Returned,
  returnInt,
  type Service,
  SMC64,
  SMCCC,
  setResult,
} from '@trapline/core';
import { statelessAttachment } from '../attachments.js';
import { returnUuid } from '../queries/service.js';
import { uuidRegisters } from '../queries/uid.js';
import { type Version, versionNumber } from '../version.js';
import { MAX_RND32_BITS, MAX_RND64_BITS, trngAbi, trngStatus } from './abi.js';

/** How TRNG answers. Everything absent is as the specification has it. */
export interface TrngOptions {
  /** 1.0 where absent. */
  readonly version?: Version;
  /** The back end's UUID; without it GET_UUID is NOT_SUPPORTED. */
  readonly uuid?: string;
  /** What a request for 0 bits gets; `invalid` where absent. KVM gives SUCCESS and zeros. */
  readonly zeroBits?: 'invalid' | 'success';
  /** How registers are read. KVM answers the SMC64 call to AArch32 guests too (`smc64NeedsA64: false`). */
  readonly convention?: Partial<Convention>;
}

const MAX_BYTES = MAX_RND64_BITS / 8;

/**
 * TRNG for one guest (DEN0098 1.0): entropy from the random port, right-aligned. What a composing service takes in.
 *
 * RND answers INVALID_PARAMETERS for 0 bits and for more than three registers hold, NO_ENTROPY where the port has none
 * at the moment.
 */
export function trngCalls(guest: AttachedGuest, options: TrngOptions = {}): Implementation {
  const convention = options.convention ?? {};
  return implement(trngAbi, handlersOf(guest, options), { convention });
}

/** {@link trngCalls} as what serves one guest. */
export function attachTrng(guest: AttachedGuest, options: TrngOptions = {}): Attachment {
  return statelessAttachment('trng', [trngCalls(guest, options)]);
}

/** {@link trngCalls} as a service by itself. */
export function trngService(options: TrngOptions = {}): Service {
  return perGuest({
    name: 'trng',
    levels: ['el3', 'el2', 'outside'],
    needs: ['random'],
    attach: (guest) => attachTrng(guest, options),
  });
}

function handlersOf(guest: AttachedGuest, options: TrngOptions): Handlers<typeof trngAbi> {
  const version = versionNumber(options.version ?? { major: 1, minor: 0 });
  const uuid = options.uuid === undefined ? undefined : uuidRegisters(options.uuid);
  const a64Only = options.convention?.smc64NeedsA64 ?? SMCCC.smc64NeedsA64;
  const entropy = new EntropyRegisters(guest);
  return {
    version: (call) => returnInt(call, version),
    features: (call) => returnInt(call, featureOf(call, a64Only)),
    getUuid: (call) => (uuid === undefined ? returnInt(call, trngStatus.NOT_SUPPORTED.code) : returnUuid(call, uuid)),
    rnd: (call) => {
      const bits = call.w[0] as number;
      if (bits === 0 && options.zeroBits === 'success') return entropy.returnZeros(call);
      const limit = (call.id & SMC64) === 0 ? MAX_RND32_BITS : MAX_RND64_BITS;
      if (bits === 0 || bits > limit) return returnInt(call, trngStatus.INVALID_PARAMETERS.code);
      return entropy.returnBits(call, bits);
    },
  };
}

function featureOf(call: Call, a64Only: boolean): number {
  const id = call.w[0] as number;
  const hidden = a64Only && call.pe.state !== 'a64' && (id & SMC64) !== 0;
  return trngAbi.find(id) && !hidden ? trngStatus.SUCCESS.code : trngStatus.NOT_SUPPORTED.code;
}

/** Entropy on its way into three registers: one buffer, used again for each call. */
class EntropyRegisters {
  readonly #guest: AttachedGuest;
  readonly #bytes = new Uint8Array(MAX_BYTES);
  readonly #words = new Uint32Array(this.#bytes.buffer);
  /** The first n bytes, for each n. */
  readonly #prefixes: readonly Uint8Array[] = Array.from({ length: MAX_BYTES + 1 }, (_, n) =>
    this.#bytes.subarray(0, n),
  );

  constructor(guest: AttachedGuest) {
    this.#guest = guest;
  }

  returnZeros(call: Call): Returned {
    this.#clear();
    return this.#store(call);
  }

  returnBits(call: Call, bits: number): Returned {
    this.#clear();
    if (!this.#guest.ports.random.fill(this.#prefixes[(bits + 7) >>> 3] as Uint8Array)) {
      return returnInt(call, trngStatus.NO_ENTROPY.code);
    }
    const rest = bits & 31;
    if (rest !== 0) this.#words[bits >>> 5] = (this.#words[bits >>> 5] as number) & ((1 << rest) - 1);
    return this.#store(call);
  }

  /** Word by word: a call of the typed array's own `fill` costs more than six stores. */
  #clear(): void {
    const words = this.#words;
    for (let i = 0; i < words.length; i++) words[i] = 0;
  }

  /** Lowest bits in the third register; each of SMC32's holds 32 of them. An AArch32 caller sees low halves only. */
  #store(call: Call): Returned {
    const words = this.#words;
    const wide = (call.id & SMC64) !== 0;
    const seen = call.pe.state === 'a64' ? -1 : 0;
    for (let i = 0; i < 3; i++) {
      const low = words[wide ? 2 * i : i] as number;
      const high = wide ? (words[2 * i + 1] as number) & seen : 0;
      setResult(call, 3 - i, low, high);
    }
    returnInt(call, trngStatus.SUCCESS.code);
    return RETURNED;
  }
}
