import {
  bytes,
  cells,
  DeviceTree,
  DeviceTreeError,
  DeviceTreeNode,
  join,
  Property,
  readDts,
  strings,
  u64,
} from '@trapline/devicetree';
import { describe, expect, test } from 'vitest';

function reasonOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DeviceTreeError) return error.reason;
    throw error;
  }
  return 'nothing was refused';
}

describe('finding nodes', () => {
  const tree = readDts(`/dts-v1/;
    / {
      aliases { serial0 = &uart; broken = "not a path"; unterminated = [2f 61]; };
      soc: soc { uart: first: uart@9000000 { phandle = <7>; child { }; }; uart@a000000 { linux,phandle = <9>; }; };
      __symbols__ { elsewhere = "/soc/uart@a000000"; };
    };`);

  test.each([
    ['/', '/'],
    ['/soc/uart@a000000', '/soc/uart@a000000'],
    ['/soc/uart', '/soc/uart@9000000'],
    ['serial0', '/soc/uart@9000000'],
    ['serial0/child', '/soc/uart@9000000/child'],
    ['&first', '/soc/uart@9000000'],
    ['&soc/uart@a000000', '/soc/uart@a000000'],
    ['&elsewhere', '/soc/uart@a000000'],
  ])('%s is %s', (where, path) => {
    expect(tree.node(where)?.path).toBe(path);
    expect(tree.require(where).path).toBe(path);
  });

  test.each(['/none', '/soc/uart@1', 'serial1', 'broken', 'unterminated', '&none', '/soc/none/child'])(
    '%s is nowhere',
    (where) => {
      expect(tree.node(where)).toBeUndefined();
      expect(reasonOf(() => tree.require(where))).toBe('unknown-reference');
    },
  );

  test('phandles are found under both names, and by any node of the tree', () => {
    expect(tree.byPhandle(7)?.name).toBe('uart@9000000');
    expect(tree.byPhandle(9)?.name).toBe('uart@a000000');
    expect(tree.require('/soc').byPhandle(9)?.name).toBe('uart@a000000');
    expect(tree.byPhandle(8)).toBeUndefined();
    expect(new DeviceTreeNode('alone').byPhandle(7)).toBeUndefined();
  });
});

describe('typed access', () => {
  const tree = readDts(
    `/dts-v1/;
    / {
      one = <1>; two = <0x80000000 2>; three = [010203]; text = "on\\xc3\\xa9"; list = "a", "", "c"; open = [61 62]; flag;
      compatible = "vendor,new", "vendor,old"; status = "ok"; phandle = <0xfffffff0>;
      odd { compatible = [61]; status = "fail-sss"; };
    };`,
  );
  const { root } = tree;

  test('reads every kind of value', () => {
    expect(root.u32('one')).toBe(1);
    expect(root.u64('two')).toBe(0x8000_0000_0000_0002n);
    expect(root.cells('two')).toEqual([0x8000_0000, 2]);
    expect(root.string('text')).toBe('oné');
    expect(root.strings('list')).toEqual(['a', '', 'c']);
    expect(root.strings('flag')).toEqual([]);
    expect(root.has('flag')).toBe(true);
    expect(root.property('flag')?.isEmpty).toBe(true);
    expect(root.bytes('three')).toEqual(Uint8Array.of(1, 2, 3));
    expect(root.property('two')?.number(0, 0)).toBe(0n);
    expect(root.property('two')?.u32(1)).toBe(2);
  });

  test('an absent property is undefined in every reading', () => {
    for (const read of ['u32', 'u64', 'cells', 'string', 'strings', 'bytes'] as const)
      expect(root[read]('none')).toBeUndefined();
    expect(root.has('none')).toBe(false);
  });

  test.each([
    ['u32', 'three'],
    ['u64', 'one'],
    ['cells', 'three'],
    ['string', 'list'],
    ['string', 'open'],
    ['string', 'flag'],
    ['strings', 'open'],
  ] as const)('%s of %s is refused with node and property named', (read, name) => {
    try {
      root[read](name);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ reason: 'bad-value', path: '/', property: name });
      expect(String(error)).toMatch(new RegExp(`^DeviceTreeError: /: property '${name}': [a-z]`));
    }
  });

  test('cells out of the value are refused', () => {
    expect(reasonOf(() => root.property('two')?.u32(2))).toBe('bad-value');
    expect(reasonOf(() => root.property('two')?.u32(-1))).toBe('bad-value');
    expect(reasonOf(() => root.property('two')?.number(1, 2))).toBe('bad-value');
  });

  test('compatible is matched whole or by a prefix, and nothing matches a broken one', () => {
    expect(root.isCompatible('vendor,old')).toBe(true);
    expect(root.isCompatible('vendor')).toBe(false);
    expect(root.isCompatible('other', 'vendor,*')).toBe(true);
    expect(tree.require('/odd').isCompatible('a', '*')).toBe(false);
    expect([...tree.compatible('vendor,new')]).toEqual([root]);
    expect(new DeviceTreeNode('n').compatible).toEqual([]);
  });

  test('status is okay by default, and ok is okay', () => {
    expect(root.status).toBe('okay');
    expect(tree.require('/odd').status).toBe('fail-sss');
    expect(new DeviceTreeNode('n').status).toBe('okay');
  });

  test('names fall into base name and unit address', () => {
    const node = new DeviceTreeNode('uart@9000000');
    expect([node.baseName, node.unitAddress, node.path]).toEqual(['uart', '9000000', 'uart@9000000']);
    expect([root.baseName, root.unitAddress]).toEqual(['', undefined]);
  });

  test('0, -1 and values that are no cell are no phandles', () => {
    const phandle = (value: Uint8Array): number | undefined =>
      new DeviceTreeNode('n', [new Property('phandle', value)]).phandle;
    expect(phandle(Uint8Array.of(0, 0, 0, 0))).toBeUndefined();
    expect(phandle(Uint8Array.of(255, 255, 255, 255))).toBeUndefined();
    expect(phandle(Uint8Array.of(0, 1))).toBeUndefined();
    expect(phandle(Uint8Array.of(0, 0, 0, 3))).toBe(3);
  });
});

describe('writing trees by program', () => {
  test('every kind of value becomes its bytes', () => {
    const tree = new DeviceTree();
    const target = tree.add('target');
    const node = tree.add('node', {
      text: 'a',
      list: ['a', 'bc'],
      cell: -1,
      wide: 0x1_0000_0001n,
      mixed: [1, 2n, target],
      flag: true,
      absent: false,
      missing: undefined,
      raw: Uint8Array.of(9),
      joined: join(cells(1), strings('x'), bytes(7), u64(-1n, 2)),
      nothing: [],
    });
    const hex = Object.fromEntries(
      node.properties.map(({ name, bytes: value }) => [name, Buffer.from(value).toString('hex')]),
    );
    expect(hex).toEqual({
      text: '6100',
      list: '61006263' + '00',
      cell: 'ffffffff',
      wide: '0000000100000001',
      mixed: '00000001' + '0000000000000002' + '00000001',
      flag: '',
      raw: '09',
      joined: '00000001' + '7800' + '07' + 'ffffffffffffffff' + '0000000000000002',
      nothing: '',
    });
    expect(target.phandle).toBe(1);
  });

  test.each([
    ['a cell of 33 bits', () => cells(0x1_0000_0000)],
    ['a fraction', () => cells(0.5)],
    ['65 bits', () => u64(1n << 64n)],
    ['an unsafe number', () => u64(2 ** 60)],
    ['a byte of 9 bits', () => bytes(256)],
    ['a NUL in a string', () => strings('a\0b')],
    ['a string among cells', () => new DeviceTree().root.set('p', [1, 'a'] as unknown as number[])],
  ])('%s is out of range', (_, run) => {
    expect(reasonOf(run)).toBe('range');
  });

  test('phandles are the lowest free numbers', () => {
    const tree = readDts('/dts-v1/; / { a { phandle = <1>; }; b { phandle = <3>; }; c { }; d { }; };');
    expect(tree.require('/c').ensurePhandle()).toBe(2);
    expect(tree.require('/d').ensurePhandle()).toBe(4);
    expect(tree.require('/d').ensurePhandle()).toBe(4);
    expect(tree.byPhandle(4)?.name).toBe('d');
    expect(reasonOf(() => new DeviceTreeNode('alone').ensurePhandle())).toBe('bad-edit');
  });
});
