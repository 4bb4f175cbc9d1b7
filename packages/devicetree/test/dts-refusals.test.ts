import {
  DeviceTreeError,
  type DeviceTreeReason,
  MAX_DEPTH,
  MAX_EXPRESSION_DEPTH,
  MAX_NAME_LENGTH,
  MAX_SOURCE_SIZE,
  readDts,
} from '@trapline/devicetree';
import { describe, expect, test } from 'vitest';
import { dtcRefuses, needsDtc, withoutDtc } from './dtc.js';
import { HEAD } from './dts-corpus.js';

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
