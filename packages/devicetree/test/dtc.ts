import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Whether tests that need Debian's device-tree-compiler are left out; under CI its absence has to fail them instead. */
export const withoutDtc: boolean = !process.env.CI && spawnSync('dtc', ['--version']).status !== 0;

/** Why they are left out, for their names. */
export const needsDtc: string = withoutDtc ? ' (left out: install device-tree-compiler for dtc and fdtoverlay)' : '';

type Form = 'dts' | 'dtb';

/** What dtc makes of an input. Warnings are not asked for; errors throw with what dtc says. */
export function dtc(input: string | Uint8Array, from: Form, to: Form, ...options: string[]): Uint8Array {
  return new Uint8Array(
    execFileSync('dtc', ['-q', '-I', from, '-O', to, ...options, '-'], { input, stdio: 'pipe', maxBuffer: 1 << 26 }),
  );
}

/** Whether dtc refuses a source. */
export function dtcRefuses(source: string): boolean {
  return spawnSync('dtc', ['-q', '-I', 'dts', '-O', 'dtb', '-o', '/dev/null', '-'], { input: source }).status !== 0;
}

/** What fdtoverlay makes of a base and overlays. */
export function fdtoverlay(base: Uint8Array, ...overlays: Uint8Array[]): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'devicetree-'));
  try {
    const file = (name: string, bytes: Uint8Array): string => {
      writeFileSync(join(folder, name), bytes);
      return join(folder, name);
    };
    const names = overlays.map((overlay, i) => file(`${i}.dtbo`, overlay));
    execFileSync('fdtoverlay', ['-i', file('base.dtb', base), '-o', join(folder, 'out.dtb'), ...names], {
      stdio: 'pipe',
    });
    return new Uint8Array(readFileSync(join(folder, 'out.dtb')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
