import { readJson, type Tree, writeJson } from '@nx/devkit';
import { createTreeWithEmptyWorkspace } from '@nx/devkit/testing';
import { expect, test } from 'vitest';
import backend from '../src/generators/backend/generator.js';

test('the backend generator writes a package with its rooms, its reference and its place in the house', () => {
  const tree: Tree = createTreeWithEmptyWorkspace();
  writeJson(tree, 'packages/core/package.json', { name: '@trapline/core', version: '1.2.3' });
  writeJson(tree, 'tsconfig.json', { files: [], references: [{ path: 'packages/psci' }] });
  tree.write('.dependency-cruiser.mjs', "const below = {\n  stack: ['core'],\n};\n");
  backend(tree, { name: 'hyper-v' });
  expect(readJson(tree, 'packages/hyper-v/package.json')).toMatchObject({
    name: '@trapline/hyper-v',
    version: '1.2.3',
  });
  expect(tree.read('packages/hyper-v/src/abi.ts', 'utf8')).toContain('export const hyperVAbi');
  expect(tree.read('packages/hyper-v/src/driver.ts', 'utf8')).toContain('Driver<HyperV>');
  expect(readJson<{ references: unknown }>(tree, 'tsconfig.json').references).toEqual([
    { path: 'packages/hyper-v' },
    { path: 'packages/psci' },
  ]);
  expect(tree.read('.dependency-cruiser.mjs', 'utf8')).toContain("'hyper-v': ['core', 'devicetree', 'smccc'],");
  expect(() => backend(tree, { name: 'hyper-v' })).toThrow('already exists');
});
