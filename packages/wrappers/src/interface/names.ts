/** `cpuOn` as `cpu_on`: names of calls and arguments in C, assembly and Rust. */
export function snakeCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase();
}

/** `cpuOn` as `CPU_ON`: names of constants. */
export function constantCase(name: string): string {
  return snakeCase(name).toUpperCase();
}

/** `cpuOn` as `CpuOn`: names of types in Rust. */
export function pascalCase(name: string): string {
  return snakeCase(name)
    .split('_')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('');
}

const C_WORDS =
  'auto bool break case char const continue default do double else enum extern false float for goto if inline int long ' +
  'nullptr register restrict return short signed sizeof static struct switch true typedef typeof union unsigned void ' +
  'volatile while asm';
const RUST_WORDS =
  'as async await box break const continue crate do dyn else enum extern false final fn for gen if impl in let loop ' +
  'macro match mod move mut override priv pub ref return self static struct super trait true try type typeof unsafe ' +
  'unsized use virtual where while yield';
const RESERVED: ReadonlySet<string> = new Set(`${C_WORDS} ${RUST_WORDS}`.split(' '));

/** An argument's or result's name: in snake case, and no word of either language (`type` becomes `type_`). */
export function valueName(name: string): string {
  const made = snakeCase(name);
  return RESERVED.has(made) ? `${made}_` : made;
}
