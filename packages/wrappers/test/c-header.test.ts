import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { psci } from '@trapline/psci';
import { STANDARD_INTERFACES } from '@trapline/smccc';
import { assemblyFile, cHeader, type DeclaredInterface, planInterface, TARGETS } from '@trapline/wrappers';
import { describe, expect, it } from 'vitest';
import { needs, run, scratch } from './tools.js';
import { VENDOR } from './vendor-abi.js';

const tools = needs('aarch64-linux-gnu-gcc', 'arm-linux-gnueabi-gcc');
const clang = needs('clang');

const STRICT = [
  '-Wall',
  '-Wextra',
  '-Wpedantic',
  '-Wconversion',
  '-Wsign-conversion',
  '-Wstrict-prototypes',
  '-Wundef',
];

/** Compilers, the instruction set they are asked for, and the optimisation that changes which registers are free. */
const COMPILERS = ['-O0', '-O2'].flatMap((level) => [
  { title: `aarch64 ${level}`, program: 'aarch64-linux-gnu-gcc', flags: [level] },
  { title: `arm ${level}`, program: 'arm-linux-gnueabi-gcc', flags: [level, '-march=armv7-a', '-marm'] },
  { title: `thumb ${level}`, program: 'arm-linux-gnueabi-gcc', flags: [level, '-march=armv7-a', '-mthumb'] },
]);
const CLANG = ['aarch64-none-elf', 'armv7a-none-eabi', 'thumbv7a-none-eabi'];

const INTERFACES: readonly DeclaredInterface[] = [psci.abi, ...STANDARD_INTERFACES, ...VENDOR];

/** A C file that includes every header both ways. */
function sources(folder: string): string {
  for (const abi of INTERFACES) {
    for (const conduit of abi.convention.conduits as ('hvc' | 'smc')[]) {
      for (const smccc of ['1.0', '1.1'] as const) {
        const plan = planInterface(abi, {
          conduit,
          smccc,
          sveHint: smccc === '1.1',
          prefix: `${abi.name} ${conduit} ${smccc}`,
        });
        writeFileSync(join(folder, `${abi.name}-${conduit}-${smccc}.h`), cHeader(plan));
      }
    }
  }
  const names = INTERFACES.flatMap((abi) =>
    abi.convention.conduits.flatMap((conduit) => ['1.0', '1.1'].map((smccc) => `${abi.name}-${conduit}-${smccc}`)),
  );
  const path = join(folder, 'all.c');
  writeFileSync(path, names.map((name) => `#include "${name}.h"\n`).join(''));
  return path;
}

describe.skipIf(tools.skip)(`C headers of every interface${tools.why}`, () => {
  it.each(COMPILERS)('compile without a warning: $title', ({ program, flags }) => {
    const folder = scratch();
    const path = sources(folder);
    const made = join(folder, 'all.o');
    // -fkeep-inline-functions: code is really made of every one.
    const all = [
      ...flags,
      ...STRICT,
      '-Werror',
      '-std=c11',
      '-ffreestanding',
      '-fkeep-inline-functions',
      '-c',
      '-o',
      made,
    ];
    expect(run(program, [...all, path])).toBe('');
  });

  it('stay silent as assembler input, where only their constants count', () => {
    const folder = scratch();
    const plan = planInterface(psci.abi, { conduit: 'smc' });
    writeFileSync(join(folder, 'psci.h'), cHeader(plan));
    writeFileSync(join(folder, 'use.S'), '#include "psci.h"\n.inst 0xd4000003\n.word PSCI_CPU_ON_64, PSCI_DENIED\n');
    expect(run('aarch64-linux-gnu-gcc', ['-c', '-o', join(folder, 'use.o'), join(folder, 'use.S')])).toBe('');
  });

  it('as prototypes agree with the assembly files, which define every function they declare', () => {
    const folder = scratch();
    for (const target of [TARGETS.a64, TARGETS.a32, TARGETS.t32]) {
      const prefix = target.set === 'a64' ? 'aarch64-linux-gnu' : 'arm-linux-gnueabi';
      for (const abi of INTERFACES) {
        const plan = planInterface(abi, { conduit: abi.convention.conduits.includes('smc') ? 'smc' : 'hvc' });
        const guard = `${abi.name.toUpperCase().replaceAll('-', '_')}_${plan.options.conduit.toUpperCase()}`;
        writeFileSync(join(folder, 'abi.h'), cHeader(plan));
        writeFileSync(join(folder, 'abi.s'), assemblyFile(plan, target));
        run(`${prefix}-as`, ['-o', join(folder, 'abi.o'), join(folder, 'abi.s')]);
        const flags = target.set === 'a64' ? [] : ['-march=armv7-a'];
        const text = run(`${prefix}-gcc`, [
          ...flags,
          `-D${guard}_EXTERN`,
          '-E',
          '-P',
          '-ffreestanding',
          join(folder, 'abi.h'),
        ]);
        const declared = [...text.matchAll(/(\w+)\([^()]*\);/g)].map(([, name]) => name as string).sort();
        const defined = run(`${prefix}-nm`, ['--defined-only', join(folder, 'abi.o')])
          .split('\n')
          .flatMap((line) => line.match(/ T (\w+)$/)?.[1] ?? [])
          .sort();
        expect(defined, abi.name).toEqual(declared);
      }
    }
  });
});

describe.skipIf(clang.why !== '')(`C headers with clang${clang.why}`, () => {
  it.each(CLANG.flatMap((triple) => ['-O0', '-O2'].map((level) => [triple, level] as const)))(
    'compile without a warning: %s %s',
    (triple, level) => {
      const folder = scratch();
      const flags = [`--target=${triple}`, ...STRICT, '-Werror', '-std=c11', '-ffreestanding', level];
      const path = sources(folder);
      // clang makes no code of inline functions that nobody refers to.
      const text = run('clang', [...flags, '-E', '-P', path]);
      const names = [...text.matchAll(/static inline .*?(\w+)\([^()]*\)\s*\{/g)].map(([, name]) => name as string);
      expect(names.length).toBeGreaterThan(100);
      const table = names.map((name) => `(void (*)(void))${name}`).join(',\n');
      const all = join(folder, 'table.c');
      writeFileSync(
        all,
        `#include "all.c"\nextern void (*const table[])(void);\nvoid (*const table[])(void) = {\n${table}\n};\n`,
      );
      expect(run('clang', [...flags, '-c', '-o', join(folder, 'all.o'), all])).toBe('');
    },
  );
});

describe('a C header', () => {
  const clobbers = (text: string, state: 'aarch64' | 'else'): readonly string[] => {
    const [, a64 = '', a32 = ''] =
      text.match(/#ifdef __aarch64__\n(#define \w+_REG[\s\S]*?)#else\n([\s\S]*?)#endif/) ?? [];
    const line = (state === 'aarch64' ? a64 : a32).match(/_CLOBBERS_4 (?:\\\n\t)?(.*)/)?.[1] ?? '';
    return line.split(', ').map((word) => word.replaceAll('"', ''));
  };
  const numbered = (from: number, to: number): string[] =>
    Array.from({ length: to - from + 1 }, (_, i) => `x${from + i}`);

  it('states every register that the convention lets the callee change', () => {
    const text = cHeader(planInterface(psci.abi, { conduit: 'smc' }));
    expect(clobbers(text, 'aarch64')).toEqual([...numbered(4, 17), 'cc', 'memory']);
    expect(clobbers(text, 'else')).toEqual(['r12', 'cc', 'memory']);
    expect(text).toContain('#define PSCI_SMC_CLOBBERS_1 "r1", "r2", "r3", "r12", "cc", "memory"');
  });

  it('trusts a callee of SMCCC 1.1 with X4 to X17', () => {
    const text = cHeader(planInterface(psci.abi, { conduit: 'smc', smccc: '1.1' }));
    expect(clobbers(text, 'aarch64')).toEqual(['cc', 'memory']);
    expect(text).toContain('#define PSCI_SMC_CLOBBERS_2 "x2", "x3", "cc", "memory"');
  });

  it('has the hint of SMCCC 1.3 in the ids of A64 alone', () => {
    const text = cHeader(planInterface(psci.abi, { conduit: 'hvc', sveHint: true }));
    expect(text).toContain('#define PSCI_HVC_NATIVE(id) (id##_64 | 0x10000)');
    expect(text).toContain('#define PSCI_HVC_NATIVE(id) id\n');
    expect(text).toContain('PSCI_HVC_REG(0) = PSCI_HVC_ONE(PSCI_VERSION);');
  });
});
