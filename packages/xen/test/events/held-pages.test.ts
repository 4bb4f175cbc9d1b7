import { RestoreError, type Saved } from '@trapline/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { vcpuRegisterVcpuInfo } from '../../src/abi/structures/vcpu.js';
import { destroyDomain } from '../../src/domain/death.js';
import { bindIpi, expandArray, initControl, send } from './client.js';
import { OPERAND, RAM, rigOf, type Side, VCPU_OP } from './rig.js';

const CONTROL: number = RAM + 0xc000;
const ARRAY: number = RAM + 0xd000;
const INFO: number = RAM + 0xe000;

/** A domain that has given Xen a page for each purpose. */
function giving(): { side: Side; machine: ReturnType<typeof rigOf>['machine'] } {
  const { sides, machine } = rigOf([{}]);
  const [side] = sides as [Side];
  expect([initControl(side, CONTROL), expandArray(side, ARRAY), bindIpi(side)]).toEqual([0, 0, 1]);
  side.put(vcpuRegisterVcpuInfo.encode({ mfn: INFO / 0x1000, offset: 0x40 }));
  expect(side.result(VCPU_OP, [10, 0, OPERAND])).toBe(0);
  return { side, machine };
}

const uses = (side: Side): number[] =>
  [CONTROL, ARRAY, INFO].map((address) => side.domain.memory.anyPage(address / 0x1000)?.references ?? -1);

/** Lets a domain die as the control domain does it: whether it is gone altogether. */
function dies({ domain }: Side): boolean {
  destroyDomain(domain);
  return domain.xen.domain(domain.id) === undefined;
}

describe("pages of the guest's that Xen holds", () => {
  test('are each used once, and given back when the domain dies', () => {
    const { side } = giving();
    expect(uses(side)).toEqual([1, 1, 1]);
    expect(dies(side)).toBe(true);
  });

  test('are given back by a reset of the guest, which can give them again', () => {
    const { side } = giving();
    side.guest.reset();
    expect(uses(side)).toEqual([0, 0, 0]);
    expect([initControl(side, CONTROL), expandArray(side, ARRAY)]).toEqual([0, 0]);
    expect(dies(side)).toBe(true);
  });

  test('are held again after a restore, with the queues as they were', () => {
    const { side, machine } = giving();
    expect(send(side, 1)).toBe(0);
    const saved = JSON.parse(JSON.stringify(machine.save())) as Saved;
    side.guest.reset();
    machine.restore(saved);
    expect(uses(side)).toEqual([1, 1, 1]);
    expect([side.word(ARRAY + 4) >>> 0, side.word(CONTROL), side.word(INFO + 0x40)]).toEqual([0xa000_0000, 0x80, 1]);
    bindIpi(side);
    send(side, 2);
    expect(side.word(ARRAY + 4) >>> 0).toBe(0xa000_0002);
    expect(dies(side)).toBe(true);
  });
});

/** Replaces one leaf of saved state, found by a path of choices. */
function changed(saved: Saved, path: readonly number[], leaf: Saved): Saved {
  if (saved === null || typeof saved !== 'object' || path.length === 0) return leaf;
  const keys = Object.keys(saved);
  if (keys.length === 0) return leaf;
  const key = keys[(path[0] as number) % keys.length] as string;
  const copy = (Array.isArray(saved) ? [...saved] : { ...saved }) as { [key: string]: Saved };
  copy[key] = changed((saved as { [key: string]: Saved })[key] as Saved, path.slice(1), leaf);
  return copy as Saved;
}

test('garbage in saved state is refused by RestoreError, or is a state in which everything works', () => {
  const { side } = giving();
  const leaf = fc.oneof(
    fc.integer(),
    fc.constantFrom<Saved>(null, '', 'x', true, [], {}, -1, 1.5, 2 ** 40),
    fc.string(),
  );
  const { scheduling, events, vcpuInfos } = side.domain;
  const parts = [scheduling, events, vcpuInfos].map((part) => ({ part, saved: part.save() }));
  fc.assert(
    fc.property(
      fc.nat(2),
      fc.array(fc.nat(200), { minLength: 1, maxLength: 5 }),
      leaf,
      fc.integer({ min: 0, max: 70 }),
      (which, path, value, port) => {
        const { part, saved } = parts[which] as (typeof parts)[number];
        try {
          part.restore(changed(saved, path, value));
        } catch (problem) {
          expect(problem).toBeInstanceOf(RestoreError);
        }
        events.send(port);
        events.unmask(port);
        events.close(port);
        scheduling.wakePollers(port);
        part.restore(saved);
      },
    ),
    { numRuns: 1500 },
  );
});
