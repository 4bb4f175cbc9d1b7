import {
  DeviceTree,
  DeviceTreeError,
  DeviceTreeNode,
  type DeviceTreeReason,
  type DtsOptions,
  MAX_DEPTH,
  MAX_EXPRESSION_DEPTH,
  MAX_INCLUDE_DEPTH,
  MAX_NAME_LENGTH,
  MAX_SOURCE_SIZE,
  Property,
  printDts,
  readDts,
  writeDtb,
  writeDts,
} from '@trapline/devicetree';
import { describe, expect, test } from 'vitest';
import { dtc, dtcRefuses, needsDtc, withoutDtc } from './dtc.js';
import { inOrder } from './trees.js';

const HEAD = '/dts-v1/;\n';

/** Sources that exercise the language, each feature by what is hard about it. */
const corpus: Record<string, string> = {
  'an empty tree': '/ { };',
  'several headers': '/dts-v1/; /dts-v1/; / { a; };',
  'kinds of values':
    '/ { flag; s = "text"; l = "a", "", "c"; c = <1 0x2 03>; b = [0001 02ff]; mixed = "s", <1>, [02], "t"; none = <>; };',
  'widths of cells':
    '/ { a = /bits/ 8 <1 0xff (-1)>; b = /bits/ 16 <1 0xffff>, /bits/ 64 <1 0xffffffffffffffff>; c = /bits/ 32 <1>, /bits/ 0x10 <2>; };',
  'integer literals': '/ { a = <0 00 017 0xFF 0Xff 4294967295 1U 2L 3UL 4LL 5ULL>; };',
  'character literals': "/ { a = <'a' '\\n' '\\0' '\\x41' '\\101' '\"' '\\xff' '\\''>; };",
  'escapes in strings': '/ { a = "\\a\\b\\t\\n\\v\\f\\r\\"\\\\\\q\\0", "\\x4", "\\x41g", "\\7\\101\\1012", "\\xe4"; };',
  'text that is not ASCII': '/ { a = "äöü €"; };',
  arithmetic: '/ { a = <(1 + 2 * 3) (10 - 4 - 3) (20 / 3) (20 % 3) (-1) (-(-2)) (~0) (!0) (!5) (- - 3)>; };',
  'precedence of operators':
    '/ { a = <(1 | 2 ^ 3 & 4) (1 << 2 + 1) (1 + 2 == 3) (4 > 3 == 1) (1 || 0 && 0) (6 & 3 == 3) (1 < 2 << 1)>; };',
  comparisons: '/ { a = <(1 < 2) (2 < 1) (2 <= 2) (3 >= 4) (1 != 1) (1 == 1) ((0 - 1) > 0) (5 && 0) (0 || 7)>; };',
  'the ternary operator': '/ { a = <(1 ? 2 : 3) (0 ? 2 : 3) (0 ? 1 : 0 ? 2 : 3) (1 ? 0 ? 4 : 5 : 6) (1 ? (2) : 3)>; };',
  shifts: '/ { a = /bits/ 64 <(1 << 63) (1 << 64) (0xff00 >> 4) (1 >> 64) ((0 - 1) >> 60)>; };',
  'arithmetic in 64 bits':
    '/ { a = /bits/ 64 <(0xffffffffffffffff + 2) (0 - 1) (0xffffffff * 0xffffffff) ((0 - 10) / 3)>; };',
  'negative numbers in narrow cells': '/ { a = <(-1) (-2147483648) 0xffffffffffffffff>; b = /bits/ 8 <(-128)>; };',
  'odd names':
    '/ { #address-cells = <1>; a,b-c.d+e_f = <1>; 1a = <2>; p? = <3>; q* = <4>; \\delete-node; n,o+d-e._@1,2.3 { }; \\9a { }; };',
  'a node with the name of a property': '/ { x = <1>; x { }; };',
  'labels everywhere':
    'l1: /memreserve/ 1 2; / { n1: n2: node { p1: p2: p = a: <b: 1 c: 2 d:> e:, f: [00 g: 01] , h: "s" i:; }; };',
  'references in cells': '/ { a { x = <&{/b} 1 &l>; }; l: b { }; c { y = <&{/a} &{/}>; }; };',
  'references as paths': '/ { a { x = &l, "between", &{/a}, <1>, &{/}; }; b { l: c@1 { }; }; };',
  'given phandles are left out':
    '/ { x = <&m &l>; a { phandle = <1>; }; b { linux,phandle = <2>; }; l: c { }; m: d { }; };',
  'a phandle of oneself': '/ { l: a { phandle = <&l>; }; b { phandle = <1>; }; c { phandle = <&{/c}>; }; };',
  'both phandle properties': '/ { x = <&l>; l: a { phandle = <4>; linux,phandle = <4>; }; };',
  'merging of roots': '/ { a = <1>; b = <2>; n { x = <1>; }; }; / { b = <3>; c = <4>; n { y = <2>; m { }; }; o { }; };',
  'overrides by label and path':
    '/ { l: a { p = <1>; q = <2>; }; }; &l { q = "new"; r; s { }; }; &{/a} { p; }; &{/a/s} { t; };',
  'labels in overrides': '/ { x = <&m>; l: a { }; }; m: &l { k: sub { }; }; &m { p; }; &k { q; };',
  'deleting properties':
    '/ { a = <1>; b = <2>; n { c; d; }; }; / { /delete-property/ a; n { /delete-property/ c; }; };',
  'deleting nodes':
    '/ { a { b { }; c { }; }; l: d { e { }; }; f { }; }; / { a { /delete-node/ b; }; }; /delete-node/ &l; /delete-node/ &{/f};',
  'what is defined again takes its old place':
    '/ { a = <1>; b = <2>; c = <3>; n { p; q; }; m { }; }; / { /delete-property/ a; /delete-node/ n; }; / { d; a = <9>; n { q = <1>; r; }; };',
  'deleting and defining in one pair of braces':
    '/ { a = <1>; n { x; }; }; / { /delete-property/ a; a = <2>; /delete-node/ n; n { y; }; };',
  'deleting what is not there':
    '/ { /delete-property/ a; /delete-node/ b; }; / { /delete-property/ c; /delete-node/ d; };',
  'deleting in the first definition': '/ { a = <1>; /delete-property/ a; /delete-node/ n; };',
  'a deleted label can be given again': '/ { l: a { }; b { }; }; /delete-node/ &l; / { x = <&l>; l: c { }; };',
  'nodes defined twice in an override': '/ { n { }; }; / { n { m { a; }; m { b; }; }; };',
  'omit-if-no-ref':
    '/ { /omit-if-no-ref/ a: a { }; /omit-if-no-ref/ b: b { }; c: c { d { }; }; /omit-if-no-ref/ e: e { }; f { x = <&b>; y = &e; }; }; /omit-if-no-ref/ &c;',
  memreserve: '/memreserve/ 0x1000 0x2000; /memreserve/ (1 << 40) (0xffffffffffffffff - 1); / { };',
  comments: '/* a * / ** */ / { // line\n a /* in */ = /**/ < /* x */ 1 // y\n 2>; };// last\n',
  linemarkers:
    '# 1 "a.dts"\n# 1 "<built-in>" 1 3\n#line 7 "b.dts"\n/ {\n# 12 "c\\"d.dts"\n a = <1\n# 13 "x" 2\n 2>; };\n',
  'the boot CPU': '/ { cpus { cpu@3 { reg = <3>; }; cpu@4 { reg = <4>; }; }; };',
  'a boot CPU with two cells': '/ { cpus { cpu@3 { reg = <0 3>; }; }; };',
  'a redundant name': '/ { name = ""; n@1 { name = "n"; }; };',
  'tails shared in the strings block': '/ { a-size = <1>; size = <2>; e; }; ',
  'values that look like others':
    '/ { a = [00 00 00 01]; b = <0x61626300>; c = [61 00 00]; d = [00]; e = [61 62]; f = [00 00 00 00]; };',
};

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

describe('refusing', () => {
  const deep = `${'n {'.repeat(MAX_DEPTH)}${'};'.repeat(MAX_DEPTH)}`;
  const parentheses = (depth: number): string => `${'('.repeat(depth)}1${')'.repeat(depth)}`;
  const refused: [string, DeviceTreeReason, string, number, number][] = [
    ['/ { };', 'syntax', 'no header', 1, 1],
    ['/dts-v1/;', 'syntax', 'no tree', 1, 10],
    ['/dts-v1/;\n/plugin/;\n/dts-v1/;\n/ { };', 'syntax', 'headers that differ', 4, 1],
    [`${HEAD}/ { a = <1> }`, 'syntax', 'a missing semicolon', 2, 13],
    [`${HEAD}/ { a = ; };`, 'syntax', 'a missing value', 2, 9],
    [`${HEAD}/ { a = <1>,; };`, 'syntax', 'a missing second value', 2, 13],
    [`${HEAD}/ { n { };\n  a = <1>; };`, 'syntax', 'a property after a node', 3, 3],
    [`${HEAD}/ { n { };\n  /delete-property/ a; };`, 'syntax', 'deleting a property after a node', 3, 3],
    [`${HEAD}/ { /omit-if-no-ref/ a; };`, 'syntax', 'omitting a property', 2, 22],
    [`${HEAD}/ { a = <MACRO>; };`, 'syntax', 'a macro', 2, 10],
    [`${HEAD}/ { a = MACRO; };`, 'syntax', 'a macro as value', 2, 9],
    [`${HEAD}/ { a = <(1 +)>; };`, 'syntax', 'half an expression', 2, 14],
    [`${HEAD}/ { a = <(1>; };`, 'syntax', 'an open parenthesis', 2, 13],
    [`${HEAD}/ { a = <(1 ? 2)>; };`, 'syntax', 'half a ternary', 2, 16],
    [`${HEAD}/ { a = <08>; };`, 'syntax', 'a bad octal number', 2, 10],
    [`${HEAD}/ { a = [0]; };`, 'syntax', 'half a byte', 2, 10],
    [`${HEAD}/ { a = <''>; };`, 'syntax', 'an empty character', 2, 10],
    [`${HEAD}/ { a = <'ab'>; };`, 'syntax', 'two characters', 2, 10],
    [`${HEAD}/ { a = "\\x"; };`, 'syntax', 'an escape without digits', 2, 9],
    [`${HEAD}/ { a = "b; };`, 'syntax', 'an open string', 2, 9],
    [`${HEAD}/* a`, 'syntax', 'an open comment', 2, 1],
    [`${HEAD}/ { a = /bits/ 64 <&l>; l: b { }; };`, 'syntax', 'a wide reference', 2, 20],
    [`${HEAD}/ { };\nfoo { };`, 'syntax', 'something else at the top', 3, 1],
    [`${HEAD}/ { } }`, 'syntax', 'a node without semicolon', 2, 7],
    [`${HEAD}/memreserve/ 1;\n/ { };`, 'syntax', 'half a reservation', 2, 15],
    [`${HEAD}/memreserve/ ;\n/ { };`, 'syntax', 'an empty reservation', 2, 14],
    [`${HEAD}l: / { };`, 'syntax', 'a label before the root', 2, 4],
    [`${HEAD}/ { l: };`, 'syntax', 'a label before nothing', 2, 8],
    [`${HEAD}/ { };\n/delete-node/ a;`, 'syntax', 'deleting by name at the top', 3, 15],
    [`${HEAD}/ { a = <0x100000000>; };`, 'range', '33 bits in a cell', 2, 10],
    [`${HEAD}/ { a = /bits/ 8 <256>; };`, 'range', '9 bits in a byte', 2, 19],
    [`${HEAD}/ { a = /bits/ 16 <(-32769) (-65537)>; };`, 'range', 'a negative number too low', 2, 29],
    [`${HEAD}/ { a = /bits/ 24 <1>; };`, 'range', 'an odd width', 2, 16],
    [`${HEAD}/ { a = /bits/ 64 <0x10000000000000000>; };`, 'range', '65 bits', 2, 20],
    [`${HEAD}/ { a = <(1 / 0)>; };`, 'range', 'division by zero', 2, 13],
    [`${HEAD}/ { a = <(1 ? 2 : 3 % 0)>; };`, 'range', 'division by zero in a branch not taken', 2, 21],
    [`${HEAD}/ { a = <&l>; };`, 'unknown-reference', 'a label that is nowhere', 2, 5],
    [`${HEAD}/ { a = &{/b}; };`, 'unknown-reference', 'a path that is nowhere', 2, 5],
    [`${HEAD}/ { };\n&l { };`, 'unknown-reference', 'an override of nothing', 3, 1],
    [`${HEAD}&l { };`, 'unknown-reference', 'an override before all', 2, 1],
    [`${HEAD}/ { };\n/delete-node/ &l;`, 'unknown-reference', 'deleting nothing', 3, 1],
    [`${HEAD}/ { };\n/omit-if-no-ref/ &l;`, 'unknown-reference', 'omitting nothing', 3, 1],
    [`${HEAD}/ { };\nl: &m { };`, 'unknown-reference', 'a labelled override of nothing', 3, 1],
    [`${HEAD}/ { a;\n a; };`, 'duplicate-name', 'a property twice', 3, 2],
    [`${HEAD}/ { a { };\n a { }; };`, 'duplicate-name', 'a node twice', 3, 2],
    [`${HEAD}/ { a { };\n /delete-node/ a; };`, 'duplicate-name', 'a node deleted where it is defined', 3, 2],
    [`${HEAD}/ { l: a { };\n l: b { }; };`, 'duplicate-label', 'a label twice', 3, 5],
    [`${HEAD}/ { l: a;\n b = l: <1>; };`, 'duplicate-label', 'a label on a property and in a value', 3, 2],
    [`${HEAD}/ {\n a#b { }; };`, 'bad-name', 'a number sign in a node name', 3, 2],
    [`${HEAD}/ {\n a@1@2 { }; };`, 'bad-name', 'two unit addresses', 3, 2],
    [`${HEAD}/ {\n a@1 = <1>; };`, 'bad-name', 'a unit address in a property name', 3, 2],
    [`${HEAD}/ { phandle = <0>; };`, 'bad-phandle', 'phandle 0', 2, 5],
    [`${HEAD}/ { phandle = <(-1)>; };`, 'bad-phandle', 'phandle -1', 2, 5],
    [`${HEAD}/ { phandle = [01]; };`, 'bad-phandle', 'a phandle of one byte', 2, 5],
    [`${HEAD}/ { phandle = <1>;\n n { phandle = <1>; }; };`, 'bad-phandle', 'a phandle twice', 3, 2],
    [`${HEAD}/ { phandle = <1>; linux,phandle = <2>; };`, 'bad-phandle', 'two phandles', 2, 1],
    [`${HEAD}/ { a { phandle = <&{/}>; }; };`, 'bad-phandle', "another's phandle", 2, 9],
    [`${HEAD}/ { a { name = "b"; }; };`, 'bad-value', 'a wrong name', 2, 9],
    ['# 41 "x.dts"\n/dts-v1/;\n/ { a = <; };', 'syntax', 'a place after a linemarker', 42, 10],
    ['#line 7\n/dts-v1/;\n/ { a = <; };', 'syntax', 'a place after a #line without file', 8, 10],
  ];

  test.each(refused)('%j with %s: %s', (source, reason, _, line, column) => {
    try {
      readDts(source);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(DeviceTreeError);
      expect(error).toMatchObject({ reason, line, column });
    }
  });

  test.skipIf(withoutDtc).each(refused)(`dtc refuses it too: %j${needsDtc}`, (source) => {
    // The one difference: a bare `#line 7` is none of dtc's.
    expect(dtcRefuses(source)).toBe(true);
  });

  test.each([
    ['depth', `${HEAD}/ { ${deep} };`],
    ['parentheses', `${HEAD}/ { a = <${parentheses(MAX_EXPRESSION_DEPTH + 1)}>; };`],
    ['unary operators', `${HEAD}/ { a = <(${'~'.repeat(MAX_EXPRESSION_DEPTH + 1)}1)>; };`],
    ['ternaries', `${HEAD}/ { a = <(${'1 ? 1 : '.repeat(MAX_EXPRESSION_DEPTH + 1)}1)>; };`],
    ['names', `${HEAD}/ { ${'p'.repeat(MAX_NAME_LENGTH + 1)}; };`],
    ['labels', `${HEAD}/ { ${'l'.repeat(MAX_NAME_LENGTH + 1)}: p; };`],
    ['the source', ' '.repeat(MAX_SOURCE_SIZE + 1)],
  ])('the limit of %s', (_, source) => {
    expect(() => readDts(source)).toThrow(expect.objectContaining({ reason: 'limit' }));
  });

  test('what the limits allow is read', () => {
    const source = `${HEAD}/ { a = <${parentheses(MAX_EXPRESSION_DEPTH)}>; ${'n {'.repeat(MAX_DEPTH - 1)}${'};'.repeat(MAX_DEPTH - 1)} };`;
    expect([...readDts(source).nodes()].length).toBe(MAX_DEPTH);
  });

  test.each([
    '#include "a.dtsi"',
    '#include <dt-bindings/a.h>',
    '#define A 1',
    ' # ifdef A',
    '#if 1',
    '#endif',
    '#pragma once',
  ])('%j names cpp', (line) => {
    expect(() => readDts(`${HEAD}${line}\n/ { };`)).toThrow(/cpp/);
    expect(() => readDts(`${HEAD}/ { a;\n${line}\n };`)).toThrow(
      expect.objectContaining({ reason: 'needs-cpp', line: 3 }),
    );
  });

  test('properties may begin like directives', () => {
    const { root } = readDts(`${HEAD}/ {\n#define-cells = <1>;\n#if = <2>;\n#include;\n#error,a; };`);
    expect(root.properties.map(({ name }) => name)).toEqual(['#define-cells', '#if', '#include', '#error,a']);
  });
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
