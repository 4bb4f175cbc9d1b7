import { readJson, type Tree, writeJson } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { expect, test } from 'vitest';
import backend from '../src/generators/backend/generator.js';

test('backend generator writes a package and its reference', () => {
  const tree: Tree = createTreeWithEmptyWorkspace();
  writeJson(tree, 'packages/core/package.json', { name: '@trapline/core', version: '1.2.3' });
  writeJson(tree, 'tsconfig.json', { files: [], references: [{ path: 'packages/xen' }] });
  backend(tree, { name: 'kvm', skipInstall: true });
  expect(readJson(tree, 'packages/kvm/package.json')).toMatchObject({ name: '@trapline/kvm', version: '1.2.3' });
  expect(readJson<{ references: unknown }>(tree, 'tsconfig.json').references).toEqual([
    { path: 'packages/kvm' },
    { path: 'packages/xen' },
  ]);
  expect(() => backend(tree, { name: 'kvm' })).toThrow('already exists');
});
