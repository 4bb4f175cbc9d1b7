import { type ClientOf, createClient, type Driver, isStatus } from '@trapline/core';
import type { Smccc } from '../arch/driver.js';
import { uuidFrom } from '../queries/uid.js';
import type { Version } from '../version.js';
import { MAX_RND32_BITS, MAX_RND64_BITS, trngAbi, trngStatus } from './abi.js';

/** How often {@link Trng.fill} asks again for the same bits where there is no entropy, before it gives up. */
export const MAX_TRNG_TRIES = 20;

/** A source of random bytes, as a guest has found it. */
export interface Trng {
  readonly version: Version;
  /** The back end's UUID, where it tells one. */
  readonly uuid: string | undefined;
  readonly calls: ClientOf<typeof trngAbi>;
  /**
   * Fills with entropy; false where there was none {@link MAX_TRNG_TRIES} times in a row, or the call failed. `target`
   * then holds no secret: what had come is cleared.
   */
  fill(target: Uint8Array): boolean;
}

/** The driver of TRNG: it has no node, and is there where SMCCC is at least 1.1 and TRNG_VERSION answers. */
export function trngDriver(smccc: Driver<Smccc>): Driver<Trng> {
  return {
    name: 'trng',
    compatible: [],
    needs: [smccc],
    bind: (context) => {
      const found = context.get(smccc);
      return found.calls ? probeTrng(found) : undefined;
    },
  };
}

function probeTrng({ conduit }: Smccc): Trng | undefined {
  const calls = createClient(trngAbi, conduit);
  const version = calls.version();
  if (isStatus(version)) return undefined;
  const { uuid0, uuid1, uuid2, uuid3 } = calls.getUuid();
  const uuid = isStatus(uuid0) ? undefined : uuidFrom([uuid0, uuid1, uuid2, uuid3]);
  const fill = (target: Uint8Array): boolean => {
    const limit = conduit.caller.width === 64 ? MAX_RND64_BITS : MAX_RND32_BITS;
    for (let done = 0; done < target.length; done += limit / 8) {
      const part = target.subarray(done, done + limit / 8);
      if (fillPart(calls, part, limit / 3 / 8)) continue;
      target.fill(0);
      return false;
    }
    return true;
  };
  return { version, uuid, calls, fill };
}

/** Asks for as many bits as `part` has; they come in up to three registers of `width` bytes, the lowest in the third. */
function fillPart(calls: ClientOf<typeof trngAbi>, part: Uint8Array, width: number): boolean {
  for (let tries = 0; tries < MAX_TRNG_TRIES; tries++) {
    const { result, high, middle, low } = calls.rnd({ bits: 8 * part.length });
    if (result === trngStatus.NO_ENTROPY) continue;
    if (result !== trngStatus.SUCCESS) return false;
    const words = [low, middle, high];
    for (let i = 0; i < part.length; i++) {
      const word = words[Math.floor(i / width)] as bigint;
      part[i] = Number((word >> BigInt(8 * (i % width))) & 0xffn);
    }
    return true;
  }
  return false;
}
