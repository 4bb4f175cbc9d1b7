import {
  DeviceTree,
  DeviceTreeNode,
  type DtsOptions,
  MAX_INCLUDE_DEPTH,
  MAX_SOURCE_SIZE,
  Property,
  printDts,
  readDts,
  writeDtb,
  writeDts,
} from '@trapline/devicetree';
import { describe, expect, test } from 'vitest';
import { dtc, needsDtc, withoutDtc } from './dtc.js';
import { corpus, HEAD } from './dts-corpus.js';
import { inOrder } from './trees.js';

describe('compiling as dtc does', () => {
  test.skipIf(withoutDtc).each(Object.entries(corpus))(`%s: the same blob, byte for byte${needsDtc}`, (_, body) => {
    const source = body.startsWith('/dts-v1/') ? body : HEAD + body;
    expect(Buffer.from(writeDtb(readDts(source))).toString('hex')).toBe(
      Buffer.from(dtc(source, 'dts', 'dtb')).toString('hex'),
    );
  });

  test.skipIf(withoutDtc).each(Object.entries(corpus))(`%s: also with symbols${needsDtc}`, (_, body) => {
    const source = body.startsWith('/dts-v1/') ? body : HEAD + body;
    const ours = writeDtb(readDts(source, { symbols: true }));
    expect(Buffer.from(ours).toString('hex')).toBe(Buffer.from(dtc(source, 'dts', 'dtb', '-@')).toString('hex'));
  });

  test.skipIf(withoutDtc).each(Object.entries(corpus))(
    `%s: printed, both read it as the same tree${needsDtc}`,
    (_, body) => {
      const tree = readDts(body.startsWith('/dts-v1/') ? body : HEAD + body);
      const printed = writeDts(tree);
      expect(inOrder(readDts(printed))).toEqual(inOrder(tree));
      expect(writeDtb(readDts(printed))).toEqual(dtc(printed, 'dts', 'dtb'));
    },
  );
});

describe('what comes from outside', () => {
  const files: Record<string, string> = {
    'a.dtsi': 'a = <1>;\n/include/ "b.dtsi"\nc = <3>;',
    'b.dtsi': 'b = <2',
    'circle.dtsi': '/include/ "circle.dtsi"',
    'bad.dtsi': '\n  a = <;',
  };
  const options: DtsOptions = {
    file: 'top.dts',
    resolver: {
      text: (name) => files[name],
      bytes: (name, from) => (name === 'logo.bin' ? Uint8Array.of(1, 2, 3, 4, from.length) : undefined),
    },
  };

  test('/include/ goes on in the middle of anything, nested, with places in the file that is meant', () => {
    const tree = readDts(
      `${HEAD}/ { /include/ "a.dtsi"\n };`.replace('"a.dtsi"', '/* here */ "a.dtsi"').replace('/* here */ ', ''),
      {
        ...options,
        resolver: { text: (name) => (name === 'b.dtsi' ? 'b = <2>;' : files[name]) },
      },
    );
    expect(tree.root.properties.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
    expect(readDts(`${HEAD}/ { /include/"b.dtsi" >; };`, options).root.u32('b')).toBe(2);
    expect(() => readDts(`${HEAD}/ { /include/ "bad.dtsi" };`, options)).toThrow(/^bad\.dtsi:2:8: /);
  });

  test('a missing file, a missing resolver and a circle are refused', () => {
    expect(() => readDts(`${HEAD}/include/ "none"`, options)).toThrow(/^top\.dts:2:1: \/include\/ "none"/);
    expect(() => readDts(`${HEAD}/include/ "a.dtsi"`)).toThrow(expect.objectContaining({ reason: 'resolver' }));
    let depth = 0;
    const circle = { text: () => `${depth++ < 0 ? '' : '/include/ "x"'}` };
    expect(() => readDts('/include/ "x"', { resolver: circle })).toThrow(expect.objectContaining({ reason: 'limit' }));
    expect(depth).toBe(MAX_INCLUDE_DEPTH);
    const large = { text: () => ' '.repeat(MAX_SOURCE_SIZE) };
    expect(() => readDts('/include/ "x"', { resolver: large })).toThrow(expect.objectContaining({ reason: 'limit' }));
  });

  test('/incbin/ takes all of a file, or a piece', () => {
    const value =
      '/incbin/("logo.bin"), <1>, /incbin/("logo.bin", 1, 2), /incbin/("logo.bin", 3, 99), /incbin/("logo.bin", 9, 1)';
    const tree = readDts(`${HEAD}/ { a = ${value}; };`, options);
    expect([...(tree.root.bytes('a') ?? [])]).toEqual([1, 2, 3, 4, 7, 0, 0, 0, 1, 2, 3, 4, 7]);
    expect(inOrder(readDts(writeDts(tree)))).toEqual(inOrder(tree));
    expect(() => readDts(`${HEAD}/ { a = /incbin/("none"); };`, options)).toThrow(
      expect.objectContaining({ reason: 'resolver' }),
    );
    expect(() => readDts(`${HEAD}/ { a = /incbin/(1); };`, options)).toThrow(
      expect.objectContaining({ reason: 'syntax' }),
    );
    expect(() => readDts(`${HEAD}/ { a = /incbin/("logo.bin", 1); };`, options)).toThrow(/length/);
    expect(() => readDts(`${HEAD}/ { a = /incbin/("logo.bin", x, 1); };`, options)).toThrow(/offset/);
  });
});

test('a reference can go on from a label', () => {
  const tree = readDts(`${HEAD}/ { l: a { b { }; }; c { x = <&{l/b}>; y = &{l/b}; }; }; &{l/b} { z; };`);
  expect(tree.require('/a/b').has('z')).toBe(true);
  expect(tree.require('/c').u32('x')).toBe(tree.require('/a/b').phandle);
  expect(tree.require('/c').string('y')).toBe('/a/b');
});

test('the root cannot be deleted', () => {
  expect(() => readDts(`${HEAD}/ { };\n/delete-node/ &{/};`)).toThrow(expect.objectContaining({ reason: 'bad-edit' }));
});

test('source is printed as it was meant: types, labels, reservations', () => {
  const source = `/dts-v1/;

r: /memreserve/ 0x1000 0x2000;

/ {
	model = "x", "y";
	reg = <0x1 0x2>, <0x3>;
	wide = /bits/ 64 <0x100000000>;
	half = /bits/ 16 <0x1>;
	mac = [00 0a ff];
	escapes = "a\\"b\\\\c\\n\\xff";
	flag;

	l: m: node@1 {
		p: q = <a: 0x1 b: 0x2> c:;

		deeper {
		};
	};
};
`;
  expect(writeDts(readDts(source))).toBe(source);
});

test('one node is printed by itself', () => {
  const tree = readDts(`${HEAD}/ { l: n@1 { p = <1>; m { }; }; };`);
  expect(printDts(tree.require('/n'))).toBe('l: n@1 {\n\tp = <0x1>;\n\n\tm {\n\t};\n};');
});

test('labels that do not fall between elements still give the same bytes', () => {
  const markers = [
    { kind: 'uint32', offset: 0 },
    { kind: 'label', offset: 2, name: 'inside' },
    { kind: 'string', offset: 4 },
    { kind: 'label', offset: 5, name: 'text' },
    { kind: 'uint16', offset: 7 },
  ] as const;
  const value = Uint8Array.of(0, 0, 0, 1, 0x61, 0x62, 0, 1, 2, 3);
  const root = new DeviceTreeNode('', [new Property('x', value, 0, value.length, markers)]);
  const printed = writeDts(new DeviceTree({ root }));
  expect(printed).toContain('x = [00 00 inside: 00 01], [61 text: 62 00], [01 02 03];');
  expect(readDts(printed).root.bytes('x')).toEqual(value);
});
