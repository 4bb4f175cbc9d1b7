import type { CallStep, Scenario } from '@trapline/recordings';
import { answerWords, argumentsOf, callWords, changedNothing, declared, INTERFACES } from './calls.js';
import type { Column } from './columns.js';
import { codeTable } from './markdown.js';

/** Rows of one call. */
interface CallRows {
  readonly heading: string;
  readonly order: number;
  /** By title: what each column answered. */
  readonly rows: Map<string, (readonly string[])[]>;
}

/** Compares the answers to the same call in the same state: only CPU 0 on, nothing done before but asking. */
export function answerSections(columns: readonly Column[]): readonly string[] {
  const calls = new Map<string, CallRows>();
  columns.forEach((column, index) => {
    for (const step of untouchedCalls(column)) collect(calls, step, index, columns.length);
  });
  const sections = [...calls.values()].sort((a, b) => a.order - b.order);
  return sections.flatMap(({ heading, rows }) => {
    const table = groupsOf(rows);
    if (table.length === 0) return [];
    return [`### ${heading}`, '', ...codeTable(['', ...columns.map(({ title }) => title)], table), ''];
  });
}

/** Calls named in one row. */
const SHOWN_CALLS = 3;

/** One row for all calls that were answered alike; rows with most answers first. */
function groupsOf(rows: CallRows['rows']): readonly (readonly string[])[] {
  const groups = new Map<string, { readonly titles: string[]; readonly answers: readonly string[] }>();
  for (const [title, answers] of rows) {
    if (!isDisputed(answers)) continue;
    const key = JSON.stringify(answers);
    const group = groups.get(key) ?? { titles: [], answers: answers.map(shown) };
    group.titles.push(title);
    groups.set(key, group);
  }
  const filled = (answers: readonly string[]) => answers.filter((answer) => answer !== '').length;
  const sorted = [...groups.values()].sort((a, b) => filled(b.answers) - filled(a.answers));
  return sorted.map(({ titles, answers }) => {
    const more = titles.length - SHOWN_CALLS;
    return [[...titles.slice(0, SHOWN_CALLS), ...(more > 0 ? [`and ${more} more`] : [])].join('<br>'), ...answers];
  });
}

function collect(calls: Map<string, CallRows>, step: CallStep, column: number, columns: number): void {
  const given = argumentsOf(step);
  if (given === undefined || dependsOnPopulation(step)) return;
  const call = declared(step);
  const key = call ? `${call.abi.name}.${call.declaration.name}` : '';
  let rows = calls.get(key);
  if (!rows) {
    rows = {
      heading: call ? `${call.abi.title}: ${call.declaration.name}` : 'Numbers that nobody declares',
      order: orderOf(step),
      rows: new Map(),
    };
    calls.set(key, rows);
  }
  const title = callWords(step);
  const answers = rows.rows.get(title) ?? Array.from({ length: columns }, () => []);
  rows.rows.set(title, answers);
  const words = answerWords(step);
  const known = answers[column] ?? [];
  if (!known.includes(words)) answers[column] = [...known, words];
}

/** Calls of CPU 0, by the implementation's own instruction, before anything was changed. */
function* untouchedCalls({ recording, conduit }: Column): Generator<CallStep, void, void> {
  let untouched = false;
  for (const scenario of recording.scenarios) {
    untouched = scenario.fresh ? isDefault(scenario) : untouched;
    for (const step of scenario.steps) {
      if (!untouched) break;
      if (step.op === 'vmm') untouched = !/^KVM_SET|INIT|CREATE/.test(step.action) && untouched;
      else if (step.op === 'poll' || step.op === 'entry') untouched = false;
      else if (step.op === 'call' && Number(step.imm) === 0 && step.conduit === conduit && step.width === 64) {
        if ((step.cpu ?? step.vcpu ?? 0) === 0 && !step.volatile) yield step;
        untouched = changedNothing(step);
      }
    }
  }
}

/** Not on another CPU model; and KVM's VMMs may set versions and bitmaps: only VMs that were left as they come. */
function isDefault({ vm, environment }: Scenario): boolean {
  if (environment !== undefined) return false;
  if (vm === undefined) return true;
  if (vm === null || vm.psciVersionSet !== null || vm.systemSuspendCap !== false || vm.psci02Feature !== true)
    return false;
  return Object.keys((vm.bmapsSet as object | null) ?? {}).length === 0;
}

/** The recorded machines have different numbers of CPUs: the ones that only some have are left out. */
function dependsOnPopulation(step: CallStep): boolean {
  const index = declared(step)?.declaration.argumentNames.indexOf('target') ?? -1;
  const target = index < 0 ? undefined : argumentsOf(step)?.[index];
  return target !== undefined && BigInt(target) >= 1n && BigInt(target) <= 3n;
}

function orderOf(step: CallStep): number {
  const call = declared(step);
  if (!call) return Number.MAX_SAFE_INTEGER;
  return INTERFACES.indexOf(call.abi) * 1000 + call.abi.all.indexOf(call.declaration);
}

function isDisputed(answers: readonly (readonly string[])[]): boolean {
  const given = answers.filter(({ length }) => length > 0).map((words) => words.join());
  return given.length > 1 && new Set(given).size > 1;
}

function shown(answers: readonly string[]): string {
  return answers.join(' or ');
}
