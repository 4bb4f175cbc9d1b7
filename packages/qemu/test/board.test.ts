import { CompositionError } from '@trapline/core';
import { type Payload, placePayload, planBoard, qemuArguments, RAM_BASE, readKernel } from '@trapline/qemu';
import { describe, expect, test } from 'vitest';

const MIB = 2 ** 20;

function image(textOffset: number, size: number, bytes = 4096): Uint8Array {
  const file = new Uint8Array(bytes);
  const view = new DataView(file.buffer);
  view.setUint32(56, 0x644d_5241, true);
  view.setBigUint64(8, BigInt(textOffset), true);
  view.setBigUint64(16, BigInt(size), true);
  return file;
}

function zimage(bytes = 4096): Uint8Array {
  const file = new Uint8Array(bytes);
  new DataView(file.buffer).setUint32(36, 0x016f_2818, true);
  return file;
}

describe('the plan of a machine', () => {
  test('has the monitor at the end of RAM, a hypervisor’s pages below, and the guest’s memory up to there', () => {
    const plan = planBoard(4, 512 * MIB, false);
    expect(plan.area).toBe(0x5fe0_0000);
    expect(plan.hypervisor).toEqual({ base: 0x5fc0_0000, size: 2 * MIB });
    expect(plan.memory).toEqual({ base: RAM_BASE, size: 0x1fc0_0000 });
    expect(plan.flash).toBeUndefined();
  });

  test('gives firmware 64 MiB of RAM where its flash would be', () => {
    const plan = planBoard(1, 512 * MIB, true);
    expect(plan.flash).toBe(0x5bc0_0000);
    expect(plan.memory.size).toBe(0x1bc0_0000);
    expect(plan.windows.at(-1)).toEqual({ base: 0, size: 64 * MIB, physical: 0x5bc0_0000 });
  });

  test.each([
    [0, 512, false, /0 CPUs: give the machine 1 to 123/],
    [124, 512, false, /124 CPUs/],
    [1.5, 512, false, /1.5 CPUs/],
    [1, 63, false, /give a multiple of 2 MiB/],
    [1, 65, false, /give a multiple of 2 MiB/],
    [1, 65_538, false, /64 GiB/],
    [1, 128, true, /give at least 256 MiB/],
  ])('refuses %d CPUs with %d MiB, flash %s', (cpus, mebibytes, flash, words) => {
    expect(() => planBoard(cpus, mebibytes * MIB, flash)).toThrow(words);
  });
});

describe('a payload', () => {
  const plan = planBoard(1, 512 * MIB, false);
  const place = (payload: Payload) => placePayload(plan, payload);

  test('a kernel lies at its text offset from 2 MiB, then initrd and tree behind what it uses', () => {
    const placed = place({ kernel: image(0x8_0000, 3 * MIB), initrd: new Uint8Array(5000) });
    expect(placed).toMatchObject({ state: 'a64', entry: 0x4028_0000, tree: 0x4080_0000 });
    expect(placed.initrd).toEqual({ start: 0x4060_0000, end: 0x4060_0000 + 5000 });
  });

  test('a zImage lies where it does not unpack itself over what belongs to it', () => {
    const placed = place({ kernel: zimage(), initrd: new Uint8Array(8) });
    expect(placed).toMatchObject({ state: 'a32', entry: 0x4200_0000, tree: 0x4820_0000 });
  });

  test('an image is entered where it lies, and finds the tree behind it', () => {
    const placed = place({ images: [{ name: 'test.flat', bytes: new Uint8Array(16), at: 0x4008_0000 }] });
    expect(placed).toMatchObject({ state: 'a64', entry: 0x4008_0000, tree: 0x4800_0000 });
  });

  test('what an image takes as its initrd lies behind the tree', () => {
    const images = [{ name: 'test.flat', bytes: new Uint8Array(16), at: 0x4008_0000 }];
    const placed = place({ images, initrd: new Uint8Array(10) });
    expect(placed.initrd).toEqual({ start: 0x4820_0000, end: 0x4820_000a });
  });

  test('firmware below RAM finds the tree at RAM’s beginning', () => {
    const withFlash = planBoard(1, 512 * MIB, true);
    const images = [{ name: 'u-boot.bin', bytes: new Uint8Array(16), at: 0 }];
    expect(placePayload(withFlash, { images })).toMatchObject({ entry: 0, tree: RAM_BASE });
  });

  test.each<[string, Payload, RegExp]>([
    ['nothing', {}, /nothing to run: give a kernel or an image/],
    ['no kernel', { kernel: new Uint8Array(100) }, /neither an arm64 Image nor an arm zImage: unpack it/],
    ['too short a kernel', { kernel: new Uint8Array(10) }, /neither/],
    ['too large a kernel', { kernel: image(0, 4 * 2 ** 30) }, /does not lie in memory: place it elsewhere/],
    ['a kernel whose header makes no sense', { kernel: image(2 ** 40, MIB) }, /neither/],
    [
      'an image outside',
      { images: [{ name: 'a', bytes: new Uint8Array(8), at: 0 }] },
      /a, 8 bytes at 0x0, does not lie in memory/,
    ],
    [
      'images that overlap',
      {
        images: [
          { name: 'a', bytes: new Uint8Array(8), at: 0x4020_0000 },
          { name: 'b', bytes: new Uint8Array(8), at: 0x4020_0004 },
        ],
      },
      /b and a overlap at 0x40200004: move one of them/,
    ],
    [
      'an image on the tree',
      {
        images: [
          { name: 'a', bytes: new Uint8Array(8), at: RAM_BASE },
          { name: 'b', bytes: new Uint8Array(8), at: 0x4800_0000 },
        ],
      },
      /the device tree and b overlap/,
    ],
  ])('refuses %s', (_, payload, words) => {
    expect(() => place(payload)).toThrow(CompositionError);
    expect(() => place(payload)).toThrow(words);
  });

  test('the header of a kernel is read as far as it goes', () => {
    expect(readKernel(image(0, 0))).toEqual({ state: 'a64', textOffset: 0, size: 4096 });
    expect(readKernel(zimage(100))).toEqual({ state: 'a32', textOffset: 0, size: 100 });
    expect(readKernel(new Uint8Array(64))).toBeUndefined();
  });
});

test('QEMU’s command line shares memory, and puts the monitor at EL3', () => {
  const args = qemuArguments({ cpu: 'cortex-a57', cpus: 2, ramBytes: 512 * MIB, restarts: true });
  expect(args).toContain('memory-backend-file,id=ram,size=512M,mem-path=/dev/fd/5,share=on');
  expect(args).toContain('virt,secure=on,virtualization=on,gic-version=3,acpi=off,memory-backend=ram');
  expect(args.slice(args.indexOf('-smp'), args.indexOf('-smp') + 2)).toEqual(['-smp', '2']);
  expect(args).not.toContain('-no-reboot');
});
