import { defineConfig, type ViteUserConfig } from 'vitest/config';

/**
 * Tests run from the TypeScript sources of every workspace package: nothing has to be built before them.
 * It is `ssr.resolve.conditions` that tests in Node use; `resolve.conditions` is for browser mode.
 */
const conditions = ['@trapline/source', 'module', 'node', 'development|production'];

export function packageConfig(name: string): ViteUserConfig {
  return defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: { name, environment: 'node', include: ['test/**/*.test.ts'] },
  });
}
