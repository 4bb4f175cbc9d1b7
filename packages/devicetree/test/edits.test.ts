import {
  DeviceTree,
  DeviceTreeError,
  DeviceTreeNode,
  MAX_DEPTH,
  Property,
  readDtb,
  readDts,
  type TreeChange,
  writeDtb,
} from '@trapline/devicetree';
import { describe, expect, test } from 'vitest';
import { fixture } from './trees.js';

function reasonOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof DeviceTreeError) return error.reason;
    throw error;
  }
  return 'nothing was refused';
}

describe('edits', () => {
  test('observers hear of every change, after it, until they leave', () => {
    const tree = new DeviceTree();
    const seen: TreeChange[] = [];
    const leave = tree.observe((change) => seen.push(change));
    const node = tree.add('a', { p: 1 });
    node.set('p', 2);
    node.delete('p');
    node.rename('b');
    node.remove();
    leave();
    tree.add('unheard');
    expect(seen.map(({ type, path }) => `${type} ${path}`)).toEqual([
      'node-added /a',
      'property-changed /a',
      'property-changed /a',
      'property-changed /a',
      'node-removed /a',
      'node-added /b',
      'node-removed /b',
    ]);
    expect(seen[2]).toMatchObject({ name: 'p', before: { length: 4 }, after: { length: 4 } });
    expect(seen[3]).toMatchObject({ name: 'p', after: undefined });
  });

  test('the same listener can observe twice and leave once', () => {
    const tree = new DeviceTree();
    let count = 0;
    const listener = (): void => {
      count++;
    };
    const leave = tree.observe(listener);
    tree.observe(listener);
    leave();
    tree.add('a');
    expect(count).toBe(1);
  });

  test('a property that is set again keeps its place, a new one comes last', () => {
    const node = new DeviceTree().add('a', { x: 1, y: 2 });
    node.set('x', 3);
    node.set('z', 4);
    expect(node.properties.map(({ name }) => name)).toEqual(['x', 'y', 'z']);
    expect(node.u32('x')).toBe(3);
    node.set('y', undefined);
    expect(node.delete('y')).toBe(false);
    expect(node.properties.map(({ name }) => name)).toEqual(['x', 'z']);
  });

  test('a removed node can be attached elsewhere, and lookups follow', () => {
    const tree = readDts('/dts-v1/; / { a { x: n { phandle = <5>; }; }; b { }; };');
    const node = tree.require('&x');
    node.remove();
    expect([tree.byPhandle(5), tree.node('&x'), tree.node('/a/n')]).toEqual([undefined, undefined, undefined]);
    expect([node.path, node.root, node.parent]).toEqual(['n', node, undefined]);
    node.remove();
    tree.require('/b').attach(node);
    expect([tree.byPhandle(5), tree.node('&x'), tree.node('/b/n')]).toEqual([node, node, node]);
    node.set('phandle', 6);
    expect([tree.byPhandle(5), tree.byPhandle(6)]).toEqual([undefined, node]);
  });

  test('a clone shares nothing that can change', () => {
    const node = new DeviceTree().add('a', { x: 1 });
    node.add('b');
    const copy = node.clone();
    node.set('x', 2);
    node.add('c');
    expect([copy.parent, copy.u32('x'), copy.children.length]).toEqual([undefined, 1, 1]);
  });

  test('edits that would break the tree are refused and change nothing', () => {
    const tree = new DeviceTree();
    const a = tree.add('a');
    const b = a.add('b');
    const deepest = Array.from({ length: MAX_DEPTH - 3 }).reduce<DeviceTreeNode>((node) => node.add('n'), b);
    const before = writeDtb(tree);
    const refusals: [string, () => unknown][] = [
      ['bad-edit', () => tree.add('a')],
      ['bad-edit', () => tree.add('')],
      ['bad-edit', () => tree.add('a b')],
      ['bad-edit', () => tree.add('a@1@2')],
      ['bad-edit', () => tree.add('ä')],
      ['bad-edit', () => a.set('', 1)],
      ['bad-edit', () => a.set('p'.repeat(256), 1)],
      ['bad-edit', () => tree.root.remove()],
      ['bad-edit', () => tree.root.rename('x')],
      ['bad-edit', () => b.attach(a)],
      ['bad-edit', () => tree.add('x').attach(b)],
      ['limit', () => deepest.add('n')],
      ['bad-edit', () => new DeviceTree({ root: tree.root })],
      ['bad-edit', () => new DeviceTree({ root: new DeviceTreeNode('named') })],
    ];
    for (const [reason, run] of refusals) expect(reasonOf(run)).toBe(reason);
    tree.require('/x').remove();
    expect(writeDtb(tree)).toEqual(before);
    const loose = new DeviceTreeNode('loose');
    expect(reasonOf(() => loose.attach(loose))).toBe('bad-edit');
    a.rename('a');
    expect(reasonOf(() => tree.add('c').rename('a'))).toBe('bad-edit');
  });

  test('an edit ends the source image and shows in the blob', () => {
    const tree = readDtb(fixture('xen-4.17-domu.dtb'));
    expect(tree.image).toBeDefined();
    tree.require('/psci').set('method', 'smc');
    expect(tree.image).toBeUndefined();
    expect(readDtb(writeDtb(tree)).require('/psci').string('method')).toBe('smc');
  });

  test('properties compare by name and bytes', () => {
    const one = new Property('a', Uint8Array.of(1, 2));
    expect(one.equals(new Property('a', Uint8Array.of(0, 1, 2), 1))).toBe(true);
    expect(one.equals(new Property('b', Uint8Array.of(1, 2)))).toBe(false);
    expect(one.equals(new Property('a', Uint8Array.of(1, 3)))).toBe(false);
    expect(one.equals(one.with({ name: 'b' }))).toBe(false);
  });
});
