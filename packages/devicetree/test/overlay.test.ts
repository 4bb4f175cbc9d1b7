import {
  applyOverlay,
  type DeviceTree,
  DeviceTreeError,
  type DeviceTreeReason,
  interrupts,
  readDtb,
  readDts,
  type TreeChange,
  writeDtb,
  writeDts,
} from '@trapline/devicetree';
import { describe, expect, test } from 'vitest';
import { dtc, fdtoverlay, needsDtc, withoutDtc } from './dtc.js';
import { contents, fixture, inOrder } from './trees.js';

const BASE = `/dts-v1/;
/ {
  #address-cells = <1>; #size-cells = <1>;
  aliases { serial0 = &uart; };
  gic: interrupt-controller@1000 { interrupt-controller; #interrupt-cells = <2>; reg = <0x1000 0x100>; };
  soc: soc {
    #address-cells = <1>; #size-cells = <1>; ranges; interrupt-parent = <&gic>;
    uart: uart@2000 { reg = <0x2000 0x100>; status = "disabled"; interrupts = <1 4>; };
    clk: clock { #clock-cells = <0>; };
  };
};`;

const HEAD = '/dts-v1/;\n/plugin/;\n';

const overlays: Record<string, string> = {
  'a property by label': `${HEAD}&uart { status = "okay"; };`,
  'a property by path': `${HEAD}&{/soc/uart@2000} { status = "okay"; current-speed = <115200>; };`,
  'a new node': `${HEAD}&soc { spi@3000 { reg = <0x3000 0x10>; flag; }; };`,
  'references out of the overlay': `${HEAD}&soc { spi@3000 { clocks = <&clk>; interrupts-extended = <&gic 7 4>, <&gic 8 4>; }; };`,
  'references inside the overlay': `${HEAD}&soc { pwm: pwm@4000 { #pwm-cells = <1>; }; led { pwms = <&pwm 3>; other = <0 &pwm &clk>; }; };`,
  'explicit phandles': `${HEAD}&soc { p: pwm@5000 { phandle = <2>; }; q: q { linux,phandle = <5>; }; led { pwms = <&p &q>; }; };`,
  'explicit fragments': `/dts-v1/; /plugin/; / {
    fragment@0 { target = <&soc>; __overlay__ { a: one { x = <&b>; }; }; };
    fragment@1 { target-path = "/soc/clock"; __overlay__ { #clock-cells = <1>; }; };
    fragment@2 { target-path = "/"; __overlay__ { b: two { }; memory@0 { device_type = "memory"; }; }; };
    not-a-fragment { y = <1>; };
  };`,
  'an alias as target': `/dts-v1/; /plugin/; / { fragment@0 { target-path = "serial0"; __overlay__ { x; }; }; };`,
  'several fragments on one target': `${HEAD}&uart { a = <1>; };\n&uart { a = <2>; b { }; };\n&uart { b { c; }; };`,
  'a fragment into what an earlier one added': `/dts-v1/; /plugin/; / {
    fragment@0 { target = <&soc>; __overlay__ { bus: bus { }; }; };
    fragment@1 { target-path = "/soc/bus"; __overlay__ { dev { }; }; };
  };`,
  'symbols of the overlay': `${HEAD}&soc { s: spi@3000 { t: dev@0 { }; }; };\n&{/} { r: rooted { }; };`,
  'names without unit address': `${HEAD}&soc { uart { merged; }; };`,
  'labels of properties and in values': `${HEAD}&soc { x { p: q = l: <1>; }; };`,
};

const base = (): DeviceTree => readDts(BASE, { symbols: true });

describe('compiling overlays as dtc does', () => {
  test.skipIf(withoutDtc).each(Object.entries(overlays))(
    `%s: the same .dtbo, byte for byte${needsDtc}`,
    (_, source) => {
      expect(Buffer.from(writeDtb(readDts(source))).toString('hex')).toBe(
        Buffer.from(dtc(source, 'dts', 'dtb')).toString('hex'),
      );
      const ours = writeDtb(readDts(source, { symbols: true }));
      expect(Buffer.from(ours).toString('hex')).toBe(Buffer.from(dtc(source, 'dts', 'dtb', '-@')).toString('hex'));
    },
  );

  test('an overlay says that it is one', () => {
    expect([readDts(`${HEAD}&x { };`).overlay, base().overlay]).toEqual([true, false]);
  });

  test('a path that nobody has is no symbol and cannot be left for later', () => {
    expect(() => readDts(`${HEAD}&soc { x = <&{/soc/none}>; };`)).toThrow(
      expect.objectContaining({ reason: 'unknown-reference' }),
    );
    expect(() => readDts(`${HEAD}&soc { x = &none; };`)).toThrow(
      expect.objectContaining({ reason: 'unknown-reference' }),
    );
    expect(() => readDts(`${HEAD}/ { };\nl: &none { };`)).toThrow(
      expect.objectContaining({ reason: 'unknown-reference' }),
    );
  });
});

describe('applying overlays as fdtoverlay does', () => {
  test.skipIf(withoutDtc).each(Object.entries(overlays))(
    `%s: the same contents, from source and from .dtbo${needsDtc}`,
    (_, source) => {
      const overlay = readDts(source, { symbols: true });
      const theirs = readDtb(fdtoverlay(writeDtb(base()), writeDtb(overlay)));
      const ours = base();
      applyOverlay(ours, overlay);
      expect(contents(ours.root)).toEqual(contents(theirs.root));
      const fromBlobs = readDtb(writeDtb(base()));
      applyOverlay(fromBlobs, readDtb(writeDtb(overlay)));
      expect(contents(fromBlobs.root)).toEqual(contents(theirs.root));
    },
  );

  test.skipIf(withoutDtc)(`all of them one after another${needsDtc}`, () => {
    const all = Object.values(overlays).map((source) => readDts(source, { symbols: true }));
    const ours = base();
    for (const overlay of all) applyOverlay(ours, overlay);
    const theirs = readDtb(fdtoverlay(writeDtb(base()), ...all.map((overlay) => writeDtb(overlay))));
    expect(contents(ours.root)).toEqual(contents(theirs.root));
  });

  test.skipIf(withoutDtc)(`a base without symbols takes overlays that name paths${needsDtc}`, () => {
    const blob = fixture('qemu-virt-default.dtb');
    const overlay = readDts(
      `${HEAD}&{/} { firmware { optee { compatible = "linaro,optee-tz"; method = "smc"; }; n: m { r = <&n>; }; }; };`,
      { symbols: true },
    );
    const ours = readDtb(blob);
    applyOverlay(ours, overlay);
    expect(contents(ours.root)).toEqual(contents(readDtb(fdtoverlay(blob, writeDtb(overlay))).root));
    expect(ours.node('&n')?.path).toBe('/firmware/m');
  });

  test('a node of the base keeps its phandle, and references of the overlay go there', () => {
    const tree = base();
    const before = tree.require('&clk').phandle;
    applyOverlay(tree, readDts(`${HEAD}&soc { c: clock { x = <1>; }; dev { clocks = <&c>; }; };`));
    expect(tree.require('&clk').phandle).toBe(before);
    expect(tree.require('/soc/dev').u32('clocks')).toBe(before);
  });

  test('added nodes can be found by label, and a label of the base stays the base’s', () => {
    const tree = readDts(BASE, { symbols: true });
    applyOverlay(tree, readDts(`${HEAD}&soc { spi: spi@3000 { interrupts = <9 1>; }; uart: other { }; };`));
    expect(tree.require('&spi').path).toBe('/soc/spi@3000');
    expect(tree.require('&uart').path).toBe('/soc/uart@2000');
    expect(interrupts(tree.require('&spi'))).toEqual([{ controller: tree.require('&gic'), specifier: [9, 1] }]);
    expect(inOrder(readDts(writeDts(tree)))).toEqual(inOrder(tree));
  });
});

describe('taking overlays out again', () => {
  test.each(Object.entries(overlays))('%s: the tree is as before', (_, source) => {
    const tree = base();
    const before = writeDtb(tree);
    const applied = applyOverlay(tree, readDts(source, { symbols: true }));
    expect(writeDtb(tree)).not.toEqual(before);
    applied.remove();
    expect(writeDtb(tree)).toEqual(before);
    applied.remove();
    expect(writeDtb(tree)).toEqual(before);
  });

  test('observers hear of what comes and of what goes', () => {
    const tree = base();
    const seen: string[] = [];
    tree.observe((change: TreeChange) => seen.push(`${change.type} ${change.path}`));
    const applied = applyOverlay(tree, readDts(`${HEAD}&soc { spi@3000 { dev { }; }; };\n&uart { status = "okay"; };`));
    expect(applied.added.map(({ path }) => path)).toEqual(['/soc/spi@3000']);
    applied.remove();
    expect(seen).toEqual([
      'node-added /soc/spi@3000',
      'property-changed /soc/uart@2000',
      'property-changed /soc/uart@2000',
      'node-removed /soc/spi@3000',
    ]);
  });

  test('what was built on an overlay has to go first', () => {
    const tree = base();
    const first = applyOverlay(
      tree,
      readDts(`${HEAD}&soc { s: spi@3000 { }; };\n&uart { status = "okay"; };`, { symbols: true }),
    );
    const second = applyOverlay(tree, readDts(`${HEAD}&s { dev { }; };`));
    const third = applyOverlay(tree, readDts(`${HEAD}&uart { status = "reserved"; };`));
    const before = writeDtb(tree);
    for (const _ of [1, 2]) {
      expect(() => first.remove()).toThrow(expect.objectContaining({ reason: 'overlay-order' }));
      expect(writeDtb(tree)).toEqual(before);
    }
    third.remove();
    expect(() => first.remove()).toThrow(/\/soc\/spi@3000\/dev/);
    second.remove();
    first.remove();
    expect(contents(tree.root)).toEqual(contents(base().root));
  });

  test('an overlay whose node was removed by hand is not taken out blindly', () => {
    const tree = base();
    const applied = applyOverlay(tree, readDts(`${HEAD}&soc { spi@3000 { }; };`));
    tree.require('/soc/spi').remove();
    expect(() => applied.remove()).toThrow(expect.objectContaining({ reason: 'overlay-order' }));
  });
});

describe('refusing overlays', () => {
  const broken: [string, DeviceTreeReason, string][] = [
    ['no fragment', 'bad-overlay', '/dts-v1/; / { a { }; };'],
    ['a symbol that the base has not', 'overlay-target', `${HEAD}&none { };`],
    ['a path that the base has not', 'overlay-target', `${HEAD}&{/none} { };`],
    ['no target', 'overlay-target', '/dts-v1/; / { fragment { __overlay__ { }; }; };'],
    ['an empty target path', 'overlay-target', '/dts-v1/; / { fragment { target-path = ""; __overlay__ { }; }; };'],
    [
      'a target path without end',
      'overlay-target',
      '/dts-v1/; / { fragment { target-path = [2f]; __overlay__ { }; }; };',
    ],
    ['a target of two bytes', 'overlay-target', '/dts-v1/; / { fragment { target = [00 01]; __overlay__ { }; }; };'],
    ['a phandle nobody has', 'overlay-target', '/dts-v1/; / { fragment { target = <77>; __overlay__ { }; }; };'],
    ['a second fragment without target', 'overlay-target', `${HEAD}&soc { new { }; };\n&{/none} { };`],
    [
      'fixups that are no strings',
      'bad-overlay',
      '/dts-v1/; / { f { target-path = "/"; __overlay__ { }; }; __fixups__ { soc = <1>; }; };',
    ],
    ['fixups of two parts', 'bad-overlay', '/dts-v1/; / { __fixups__ { soc = "/a:b"; }; };'],
    ['fixups of four parts', 'bad-overlay', '/dts-v1/; / { __fixups__ { soc = "/a:b:0:1"; }; };'],
    ['fixups with a strange offset', 'bad-overlay', '/dts-v1/; / { __fixups__ { soc = "/a:b:0x1"; }; };'],
    ['fixups of a missing node', 'bad-overlay', '/dts-v1/; / { __fixups__ { soc = "/a:b:0"; }; };'],
    ['fixups of a missing property', 'bad-overlay', '/dts-v1/; / { a { }; __fixups__ { soc = "/a:b:0"; }; };'],
    ['fixups beyond the value', 'bad-overlay', '/dts-v1/; / { a { b = <1>; }; __fixups__ { soc = "/a:b:1"; }; };'],
    [
      'fixups far beyond the value',
      'bad-overlay',
      '/dts-v1/; / { a { b = <1>; }; __fixups__ { soc = "/a:b:4294967295"; }; };',
    ],
    ['local fixups of a missing node', 'bad-overlay', '/dts-v1/; / { __local_fixups__ { a { b = <0>; }; }; };'],
    [
      'local fixups of a missing property',
      'bad-overlay',
      '/dts-v1/; / { a { }; __local_fixups__ { a { b = <0>; }; }; };',
    ],
    [
      'local fixups that are no cells',
      'bad-overlay',
      '/dts-v1/; / { a { b = <1>; }; __local_fixups__ { a { b = [00]; }; }; };',
    ],
    [
      'phandles that run out',
      'bad-phandle',
      '/dts-v1/; / { f { target-path = "/"; __overlay__ { a { phandle = <0xfffffffe>; }; }; }; };',
    ],
    [
      'symbols of a missing fragment',
      'bad-overlay',
      '/dts-v1/; / { f { target-path = "/"; __overlay__ { }; }; __symbols__ { s = "/g/__overlay__/x"; }; };',
    ],
    [
      'symbols that are no path',
      'bad-overlay',
      '/dts-v1/; / { f { target-path = "/"; __overlay__ { }; }; __symbols__ { s = "x"; }; };',
    ],
    [
      'too deep a result',
      'limit',
      `/dts-v1/; / {
        f { target-path = "/soc/clock"; __overlay__ { x { }; }; };
        g { target-path = "/soc/clock/x"; __overlay__ { ${'n {'.repeat(61)}${'};'.repeat(61)} }; };
      };`,
    ],
  ];

  test.each(broken)('%s: %s, and the base stays as it is', (_, reason, source) => {
    const tree = base();
    const before = writeDtb(tree);
    let heard = 0;
    tree.observe(() => heard++);
    const overlay = readDts(source);
    try {
      applyOverlay(tree, overlay);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(DeviceTreeError);
      expect(error).toMatchObject({ reason });
    }
    expect([heard, writeDtb(tree)]).toEqual([0, before]);
  });

  test('a phandle of a wrong length is refused', () => {
    const overlay = readDts('/dts-v1/; / { f { target-path = "/"; __overlay__ { }; }; };');
    overlay.require('/f').set('phandle', [1, 2]);
    expect(() => applyOverlay(base(), overlay)).toThrow(expect.objectContaining({ reason: 'bad-phandle' }));
  });

  test('a base node without a phandle cannot be referred to', () => {
    const tree = readDts(BASE);
    expect(() => applyOverlay(tree, readDts(overlays['a property by label'] as string))).toThrow(/dtc -@/);
  });

  test('the overlay itself is never changed', () => {
    const overlay = readDts(overlays['references inside the overlay'] as string);
    const before = writeDtb(overlay);
    applyOverlay(base(), overlay);
    expect(writeDtb(overlay)).toEqual(before);
  });
});
