import { readFileSync } from 'node:fs';

/**
 * The house of docs/architecture.md as rules: a package's sources import only what stands below it. `test/` and
 * `bench/` are a layer of their own: they may reach every package, but only through its exports.
 */
const below = {
  devicetree: [],
  core: ['devicetree'],
  'trap-bus': ['core'],
  wrappers: ['core'],
  smccc: ['core', 'devicetree'],
  psci: ['core', 'devicetree', 'smccc'],
  kvm: ['core', 'devicetree', 'smccc', 'psci'],
  xen: ['core', 'devicetree', 'smccc', 'psci'],
  epapr: ['core', 'devicetree', 'wrappers'],
  vmware: ['core', 'devicetree'],
  jailhouse: ['core'],
  hyperv: ['core', 'devicetree', 'smccc'],
  gunyah: ['core', 'devicetree'],
  optee: ['core', 'devicetree', 'smccc'],
  scmi: ['core', 'devicetree', 'smccc'],
  stack: ['core', 'devicetree', 'smccc', 'trap-bus'],
  testkit: ['core', 'devicetree', 'trap-bus'],
  qemu: ['core', 'devicetree', 'trap-bus', 'stack'],
  recordings: [],
  replay: ['core', 'devicetree', 'smccc', 'trap-bus', 'recordings', 'stack'],
  cli: [
    'core',
    'devicetree',
    'smccc',
    'psci',
    'kvm',
    'xen',
    'trap-bus',
    'stack',
    'recordings',
    'replay',
    'qemu',
    'wrappers',
    'epapr',
    'vmware',
    'jailhouse',
    'gunyah',
    'optee',
    'hyperv',
    'scmi',
  ],
};

const borders = Object.entries(below).map(([name, allowed]) => ({
  name: `${name}-stands-on-${allowed.join('-') || 'nothing'}`,
  severity: 'error',
  from: { path: `^packages/${name}/src` },
  to: { path: `^packages/(?!(?:${[name, ...allowed].join('|')})/)` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-circular',
      comment: 'Files of one package may name one another’s types.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    ...borders,
    {
      name: 'every-package-has-its-place',
      comment: 'A new package must be entered above.',
      severity: 'error',
      from: { path: `^packages/(?!(?:${Object.keys(below).join('|')})/)` },
      to: {},
    },
    { name: 'not-to-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'no-node-outside-apps',
      comment: 'Packages run in a browser too.',
      severity: 'error',
      from: { path: '^packages/(?!cli/|qemu/)[^/]+/src' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-deep-imports',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/[^/]+/', pathNot: ['^packages/$1/', ...exportedFiles()] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|files|data|[.]cache|[.]generated)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['@trapline/source', 'import', 'default'] },
  },
};

/** Patterns of the sources that packages export: an import by a package's name resolves to one of these. */
function exportedFiles() {
  const patterns = [];
  for (const name of Object.keys(below)) {
    const { exports } = JSON.parse(readFileSync(new URL(`packages/${name}/package.json`, import.meta.url), 'utf8'));
    for (const target of Object.values(exports)) {
      const source = target['@trapline/source'];
      if (source) patterns.push(`^packages/${name}/${source.slice(2).replaceAll('.', '[.]').replaceAll('*', '.*')}$`);
    }
  }
  return patterns;
}
