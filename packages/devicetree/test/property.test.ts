import {
  bytes,
  cells,
  DeviceTree,
  type DeviceTreeNode,
  join,
  readDtb,
  readDts,
  strings,
  u64,
  writeDtb,
  writeDts,
} from '@trapline/devicetree';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dtc, needsDtc, withoutDtc } from './dtc.js';
import { inOrder } from './trees.js';

const nodeName = fc.stringMatching(/^[0-9a-zA-Z,._+-]{1,8}(@[0-9a-f,]{1,6})?$/);
// `name` and phandles have a meaning of their own, which the compiler checks.
const propertyName = fc
  .stringMatching(/^[0-9a-zA-Z,._+*#?-]{1,12}$/)
  .filter((name) => !/^(name|phandle|linux,phandle)$/.test(name));
const text = fc
  .oneof(fc.string({ maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 6 }))
  .map((value) => value.replaceAll('\0', ''));

const value = fc.oneof(
  fc.uint8Array({ maxLength: 20 }),
  fc.constant(true as const),
  fc.array(text, { minLength: 1, maxLength: 3 }).map((list) => strings(...list)),
  fc.array(fc.integer({ min: -0x8000_0000, max: 0xffff_ffff }), { maxLength: 4 }).map((list) => cells(...list)),
  fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), { maxLength: 3 }).map((list) => u64(...list)),
  fc
    .tuple(text, fc.integer({ min: 0, max: 255 }), fc.bigInt({ min: 0n, max: 99n }))
    .map(([a, b, c]) => join(strings(a), bytes(b), u64(c))),
);

interface Shape {
  readonly properties: readonly (readonly [string, Exclude<Parameters<DeviceTreeNode['set']>[1], undefined>])[];
  readonly children: readonly (readonly [string, Shape])[];
}

const shape: fc.Arbitrary<Shape> = fc.letrec<{ node: Shape }>((tie) => ({
  node: fc.record({
    properties: fc.uniqueArray(fc.tuple(propertyName, value), { selector: ([name]) => name, maxLength: 5 }),
    children: fc.oneof(
      { maxDepth: 4 },
      fc.constant([]),
      fc.uniqueArray(fc.tuple(nodeName, tie('node')), { selector: ([name]) => name, maxLength: 4 }),
    ),
  }),
})).node;

const u64s = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const tree = fc.tuple(shape, fc.array(fc.tuple(u64s, u64s), { maxLength: 3 })).map(([root, reservations]) => {
  // A pair of zeros would end the block.
  const kept = reservations.filter(([address, size]) => address !== 0n || size !== 0n);
  const made = new DeviceTree({ reservations: kept.map(([address, size]) => ({ address, size })) });
  build(made.root, root);
  return made;
});

function build(node: DeviceTreeNode, { properties, children }: Shape): void {
  for (const [name, content] of properties) node.set(name, content);
  for (const [name, child] of children) build(node.add(name), child);
}

test('a tree is the same after DTB, after DTS, and after both', () => {
  fc.assert(
    fc.property(tree, (original) => {
      const blob = writeDtb(original);
      const read = readDtb(blob);
      expect(inOrder(read)).toEqual(inOrder(original));
      expect(writeDtb(read)).toEqual(blob);
      expect(inOrder(readDts(writeDts(original)))).toEqual(inOrder(original));
      expect(inOrder(readDts(writeDts(read)))).toEqual(inOrder(original));
    }),
    { numRuns: 300, seed: 1 },
  );
});

test('edits that are undone leave the tree as it was, and lookups always agree with a walk', () => {
  const edit = fc.record({
    kind: fc.constantFrom('add', 'remove', 'set', 'delete', 'rename', 'phandle'),
    at: fc.nat(),
    name: nodeName,
  });
  fc.assert(
    fc.property(tree, fc.array(edit, { maxLength: 12 }), (edited, edits) => {
      const blob = writeDtb(edited);
      const undo: (() => void)[] = [];
      for (const { kind, at, name } of edits) {
        const nodes = [...edited.nodes()];
        const node = nodes[at % nodes.length] as DeviceTreeNode;
        const parent = node.parent;
        const property = node.properties[at % Math.max(1, node.properties.length)];
        const taken = (where: DeviceTreeNode | undefined): boolean =>
          where?.children.some((child) => child.name === name) ?? true;
        if (kind === 'add' && !taken(node)) {
          const added = node.add(name, { x: at });
          undo.push(() => added.remove());
        } else if (kind === 'remove' && parent !== undefined) {
          const index = parent.children.indexOf(node);
          node.remove();
          undo.push(() => parent.attach(node, index));
        } else if (kind === 'set' && property !== undefined) {
          node.set(property.name, 'changed');
          undo.push(() => node.put(property));
        } else if (kind === 'delete' && property !== undefined) {
          const index = node.properties.indexOf(property);
          node.delete(property.name);
          undo.push(() => node.put(property, index));
        } else if (kind === 'rename' && parent !== undefined && !taken(parent)) {
          const before = node.name;
          node.rename(name);
          undo.push(() => node.rename(before));
        } else if (kind === 'phandle' && node.phandle === undefined) {
          node.ensurePhandle();
          undo.push(() => node.delete('phandle'));
        }
        for (const each of edited.nodes()) {
          expect(edited.node(each.path)).toBe(each);
          if (each.phandle !== undefined) expect(edited.byPhandle(each.phandle)).toBe(each);
        }
      }
      expect(inOrder(readDtb(writeDtb(edited)))).toEqual(inOrder(edited));
      for (const step of undo.toReversed()) step();
      expect(writeDtb(edited)).toEqual(blob);
    }),
    { numRuns: 200, seed: 2 },
  );
});

/** An expression as text and what C makes of it in unsigned 64 bits; no value where something is divided by 0. */
interface Expression {
  readonly text: string;
  readonly value: bigint | undefined;
}

const wrap = (result: bigint): bigint => BigInt.asUintN(64, result);
const bool = (result: boolean): bigint => (result ? 1n : 0n);
const binary: Record<string, (a: bigint, b: bigint) => bigint | undefined> = {
  '+': (a, b) => wrap(a + b),
  '-': (a, b) => wrap(a - b),
  '*': (a, b) => wrap(a * b),
  '/': (a, b) => (b === 0n ? undefined : a / b),
  '%': (a, b) => (b === 0n ? undefined : a % b),
  '<<': (a, b) => (b > 63n ? 0n : wrap(a << b)),
  '>>': (a, b) => (b > 63n ? 0n : a >> b),
  '&': (a, b) => a & b,
  '|': (a, b) => a | b,
  '^': (a, b) => a ^ b,
  '==': (a, b) => bool(a === b),
  '!=': (a, b) => bool(a !== b),
  '<': (a, b) => bool(a < b),
  '>': (a, b) => bool(a > b),
  '<=': (a, b) => bool(a <= b),
  '>=': (a, b) => bool(a >= b),
  '&&': (a, b) => bool(a !== 0n && b !== 0n),
  '||': (a, b) => bool(a !== 0n || b !== 0n),
};

const expression: fc.Arbitrary<Expression> = fc.letrec<{ any: Expression; leaf: Expression }>((tie) => ({
  leaf: fc.oneof(
    fc
      .oneof(fc.bigInt({ min: 0n, max: 70n }), u64s)
      .chain((number) =>
        fc
          .constantFrom(`${number}`, `0x${number.toString(16)}`, `0${number.toString(8)}`, `${number}ULL`)
          .map((literal) => ({ text: literal, value: number })),
      ),
    fc.constantFrom("'a'", "'\\n'").map((literal) => ({ text: literal, value: literal === "'a'" ? 97n : 10n })),
  ),
  any: fc.oneof(
    { maxDepth: 5 },
    tie('leaf'),
    fc.tuple(fc.constantFrom(...Object.keys(binary)), tie('any'), tie('any')).map(([operator, a, b]) => ({
      text: `(${a.text}) ${operator} (${b.text})`,
      value: a.value === undefined || b.value === undefined ? undefined : binary[operator]?.(a.value, b.value),
    })),
    fc.tuple(fc.constantFrom('-', '~', '!'), tie('any')).map(([operator, { text: inner, value: operand }]) => {
      const results: Record<string, (a: bigint) => bigint> = {
        '-': (a) => wrap(-a),
        '~': (a) => wrap(~a),
        '!': (a) => bool(a === 0n),
      };
      return { text: `${operator}(${inner})`, value: operand === undefined ? undefined : results[operator]?.(operand) };
    }),
    fc.tuple(tie('any'), tie('any'), tie('any')).map(([condition, a, b]) => ({
      text: `(${condition.text}) ? (${a.text}) : (${b.text})`,
      value:
        condition.value === undefined || a.value === undefined || b.value === undefined
          ? undefined
          : condition.value !== 0n
            ? a.value
            : b.value,
    })),
  ),
})).any;

test('expressions come to what unsigned 64-bit arithmetic says', () => {
  fc.assert(
    fc.property(expression, ({ text: source, value: expected }) => {
      const compile = (): bigint | undefined => readDts(`/dts-v1/; / { x = /bits/ 64 <(${source})>; };`).root.u64('x');
      if (expected === undefined) expect(compile).toThrow(/division by zero/);
      else expect(compile()).toBe(expected);
    }),
    { numRuns: 1000, seed: 3 },
  );
});

test.skipIf(withoutDtc)(`operators without parentheses bind as dtc's do${needsDtc}`, () => {
  const prefix = fc.constantFrom('', '-', '~', '!', '!-', '~~');
  const term = fc.tuple(prefix, fc.integer({ min: 0, max: 9 })).map(([sign, number]) => `${sign}${number}`);
  const operator = fc.constantFrom(...Object.keys(binary).filter((name) => name !== '/' && name !== '%'), '?');
  const tail = fc.tuple(operator, term, term).map(([name, a, b]) => (name === '?' ? `? ${a} : ${b}` : `${name} ${a}`));
  const line = fc
    .tuple(term, fc.array(tail, { minLength: 1, maxLength: 6 }))
    .map(([first, rest]) => [first, ...rest].join(' '));
  const elements = fc.sample(line, { numRuns: 2000, seed: 4 }).map((each) => `(${each})`);
  const source = `/dts-v1/; / { x = /bits/ 64 <${elements.join('\n')}>; };`;
  expect(writeDtb(readDts(source))).toEqual(dtc(source, 'dts', 'dtb'));
});
