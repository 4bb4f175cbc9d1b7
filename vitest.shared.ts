import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

/**
 * Tests run from the TypeScript sources of every workspace package: nothing has to be built before them.
 * It is `ssr.resolve.conditions` that tests in Node use; `resolve.conditions` is for browser mode.
 */
const conditions = ['@trapline/source', 'module', 'node', 'development|production'];

/** No test depends on how fast the machine is: this only ends one that hangs. */
const TIMEOUT_MS = 300_000;

export function packageConfig(name: string): ViteUserConfig {
  return defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      name,
      environment: 'node',
      // No module keeps state: files share them, and each is loaded once.
      isolate: false,
      include: ['test/**/*.test.ts'],
      setupFiles: [fileURLToPath(new URL('tools/workspace/src/repeatable.ts', import.meta.url))],
      testTimeout: TIMEOUT_MS,
      hookTimeout: TIMEOUT_MS,
    },
  });
}
