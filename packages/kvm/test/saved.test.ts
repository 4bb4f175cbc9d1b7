import type { Saved } from '@trapline/core';
import { CORE_PC, KVM_REG_ARM_PSCI_VERSION, KVM_REG_ARM_STD_BMAP } from '@trapline/kvm';
import { expect, test } from 'vitest';
import { answer, call, MINUS, RAM, type World, worldOf } from './machine.js';

/** A VM of which everything that can be set is set, one vCPU held by an exit. */
function busy(): World {
  const world = worldOf({ psci02: true });
  const [first] = world.vm.vcpus;
  first?.init(['KVM_ARM_VCPU_PSCI_0_2']);
  first?.setOneReg(KVM_REG_ARM_PSCI_VERSION, 0x1_0000n);
  first?.setOneReg(KVM_REG_ARM_STD_BMAP, 0n);
  first?.setDeviceAttr(2, 0, BigInt(RAM));
  world.vm.setSmcccFilter({ base: 0x8200_0000, count: 4, action: 2 });
  world.vm.enableCap('KVM_CAP_ARM_SYSTEM_SUSPEND');
  first?.run();
  first?.exited(call(world.guest, 0, 0x8200_0001));
  first?.setOneReg(CORE_PC, 0x4000_4000n);
  return world;
}

const copy = (saved: Saved): Saved => JSON.parse(JSON.stringify(saved)) as Saved;

test('a VM goes on where it was saved, in the middle of an exit', () => {
  const from = busy();
  const to = worldOf();
  to.machine.restore(copy(from.machine.save()));
  const [first] = to.vm.vcpus;
  expect(to.machine.save()).toEqual(from.machine.save());
  expect(first?.run()).toEqual({ kind: 'guest' });
  expect(first?.getOneReg(CORE_PC).value).toBe(0x4000_4000n);
  expect(answer(to.guest, 0, 0x8400_0000)).toBe(0x1_0000n);
  expect(answer(to.guest, 0, 0x8400_0050)).toBe(MINUS(1n));
  expect(call(to.guest, 0, 0x8200_0003).kind).toBe('exit');
  expect(to.vm.setSmcccFilter({ base: 1, count: 1, action: 0 })).toBe('EBUSY');
  expect(first?.init([])).toBe('EINVAL');
});

test('a reset goes back to what the VMM had set up when the machine was built', () => {
  const world = worldOf();
  const fresh = copy(world.guest.services[0]?.attachment.save() as Saved);
  world.vm.setSmcccFilter({ base: 0x8200_0000, count: 4, action: 2 });
  world.vm.vcpus[0]?.run();
  world.guest.reset();
  expect(world.guest.services[0]?.attachment.save()).toEqual(fresh);
});

/** Every place of a saved state once with something else in it. */
function* damages(saved: Saved, path: readonly string[] = []): Generator<readonly string[]> {
  if (path.length > 0) yield path;
  if (typeof saved !== 'object' || saved === null) return;
  for (const key of Object.keys(saved))
    yield* damages((saved as { readonly [key: string]: Saved })[key] as Saved, [...path, key]);
}

function damage(saved: Saved, path: readonly string[], value: Saved): Saved {
  const root = copy(saved) as { [key: string]: Saved };
  let at = root;
  for (const key of path.slice(0, -1)) at = at[key] as { [key: string]: Saved };
  at[path.at(-1) as string] = value;
  return root;
}

test('a damaged state is refused by a RestoreError or taken, and never breaks anything', () => {
  const { guest } = busy();
  const { attachment } = guest.services[0] as (typeof guest.services)[number];
  const saved = copy(attachment.save());
  let refused = 0;
  for (const path of damages(saved)) {
    for (const value of [null, 'x', -1, {}, [null]] as Saved[]) {
      try {
        attachment.restore(damage(saved, path, value));
      } catch (error) {
        expect((error as Error).name, `${path.join('.')} = ${JSON.stringify(value)}`).toBe('RestoreError');
        refused++;
      }
    }
  }
  expect(refused).toBeGreaterThan(100);
  for (const wrong of [null, 3, [], 'x']) expect(() => attachment.restore(wrong)).toThrow();
});
