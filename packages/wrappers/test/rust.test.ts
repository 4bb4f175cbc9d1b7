import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { psci } from '@trapline/psci';
import { STANDARD_INTERFACES } from '@trapline/smccc';
import { type DeclaredInterface, planInterface, rustModule } from '@trapline/wrappers';
import { describe, expect, it } from 'vitest';
import { needs, run, scratch } from './tools.js';
import { VENDOR } from './vendor-abi.js';

const INTERFACES: readonly DeclaredInterface[] = [psci.abi, ...STANDARD_INTERFACES, ...VENDOR];
const rustc = needs('rustc');

describe('Rust modules', () => {
  const text = rustModule(planInterface(psci.abi, { conduit: 'smc', sveHint: true }));

  it('keep statuses apart from numbers, and unknown ones as they came', () => {
    expect(text).toContain('pub struct PsciStatus(pub i32);');
    expect(text).toContain('    pub const INVALID_PARAMETERS: Self = Self(-2);');
    expect(text).toContain('pub unsafe fn affinity_info(target: usize, lowest_level: u32) -> i32 {');
  });

  it('call by SMC64 ids with the hint in AArch64, by SMC32 ids in 32-bit Arm', () => {
    expect(text).toContain('inlateout("x0") (id::CPU_ON_64 | 0x00010000) as usize => r0,');
    expect(text).toContain('inlateout("r0") id::CPU_ON as usize => r0,');
  });

  it('leave out what LLVM cannot name: R6 and R7 of 32-bit Arm', () => {
    const made = rustModule(planInterface(VENDOR[1] as DeclaredInterface, { conduit: 'hvc' }));
    expect(made.match(/pub unsafe fn eight/g)).toHaveLength(1);
    expect(made.match(/pub unsafe fn identify/g)).toHaveLength(2);
  });
});

describe.skipIf(rustc.why !== '')(`rustc${rustc.why}`, () => {
  it('parses the modules and finds nothing to warn of', () => {
    const folder = scratch();
    const modules = INTERFACES.flatMap((abi) =>
      abi.convention.conduits.map((conduit) => {
        const name = `${abi.name.replaceAll('-', '_')}_${conduit}`;
        const options = { conduit: conduit as 'hvc' | 'smc' };
        writeFileSync(join(folder, `${name}.rs`), rustModule(planInterface(abi, options)));
        return `pub mod ${name};`;
      }),
    );
    const root = join(folder, 'lib.rs');
    writeFileSync(root, `#![no_std]\n#![deny(warnings)]\n${modules.join('\n')}\n`);

    expect(run('rustc', ['--crate-type=lib', '--edition=2021', '--emit=metadata', '--out-dir', folder, root])).toBe('');
  });
});
