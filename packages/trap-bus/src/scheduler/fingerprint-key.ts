const SEEDS = [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344] as const;
const FACTORS = [0xcc9e2d51, 0x1b873593, 0x85ebca6b, 0xc2b2ae35] as const;

/**
 * A short key of a long text, so that an exploration need not keep the texts: four 32-bit hashes in the manner of
 * MurmurHash3, each with a seed and a factor of its own.
 */
export function fingerprintKey(text: string): string {
  let key = '';
  for (let lane = 0; lane < SEEDS.length; lane++) {
    const hash = finish(hashOf(text, SEEDS[lane] as number, FACTORS[lane] as number));
    key += String.fromCharCode(hash & 0xffff, hash >>> 16);
  }
  return key;
}

function hashOf(text: string, seed: number, factor: number): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) {
    const mixed = Math.imul(text.charCodeAt(i) + seed, factor);
    hash ^= (mixed << 15) | (mixed >>> 17);
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe654_6b64) | 0;
  }
  return hash ^ text.length;
}

function finish(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return mixed ^ (mixed >>> 16);
}
