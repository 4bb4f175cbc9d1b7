import { expect } from 'vitest';
import { DOMID_SELF } from '../../src/domain/xen.js';
import { DATA_FRAME, type Party, rigOf } from './rig.js';

/** Domains whose tables are of version 2. */
export function rig2(count: number): readonly Party[] {
  const parties = rigOf(
    Array.from({ length: count }, () => ({})),
    { grantVersion: 2 },
  );
  for (const [i, party] of parties.entries()) {
    expect(party.one('setVersion', { version: 2 })).toMatchObject({ version: 2, result: 0 });
    party.say(DATA_FRAME, `${'ABCD'[i]} page 0`);
    party.say(DATA_FRAME + 1, `${'ABCD'[i]} page 1`);
  }
  return parties;
}

export function copy(to: Party, from: Party, ref: number, offset = 0, len = 8, write = false): number {
  const granted = { u: { gmfn: BigInt(ref) }, domid: from.id, offset };
  const own = { u: { gmfn: BigInt(DATA_FRAME + 4) }, domid: DOMID_SELF, offset: 0 };
  const op = write ? { source: own, dest: granted, flags: 2 } : { source: granted, dest: own, flags: 1 };
  return to.one('copy', { ...op, len }).status;
}
