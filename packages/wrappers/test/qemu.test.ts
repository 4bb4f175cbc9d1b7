import { defineInterface, i32, u32, word } from '@trapline/core';
import { psci } from '@trapline/psci';
import {
  blockCall,
  cHeader,
  describeCall,
  planInterface,
  registerCall,
  TARGETS,
  type Target,
  valueCall,
  type WrapperDescription,
  wrapperFor,
} from '@trapline/wrappers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Answer, type Case, patternsFor, runBareMetal } from './bare-metal.js';
import { caseOf, differences, type Planned, UNKNOWN_ID } from './call-model.js';
import { descriptions } from './descriptions.js';
import { recordedCalls } from './recorded.js';
import { needs, scratch } from './tools.js';

const tools = needs(...['aarch64-linux-gnu-gcc', 'arm-linux-gnueabi-gcc', 'qemu-system-aarch64', 'qemu-system-arm']);

/** Sets of arguments for machine code, and for C, on every machine. */
const SETS = 1000;
const SETS_EACH = 4;

const since = '1';
const clause = '-';

/** Calls that nobody answers: what goes in comes back, and so shows where it went. */
const probe = defineInterface({
  name: 'probe',
  title: 'Probe',
  source: 'none',
  calls: {
    none: { id: 0x8300_7000, since, clause, summary: 'No argument.', returns: i32 },
    narrow: { id: 0x8300_7001, since, clause, summary: 'One.', arguments: { a: u32 }, returns: { r: i32, a: u32 } },
    echo: {
      id: 0x8300_7002,
      id64: 0xc300_7002,
      since,
      clause,
      summary: 'Three.',
      arguments: { a: word, b: word, c: word },
      returns: { r: i32, a: word, b: word, c: word },
    },
    mixed: {
      id: 0x8300_7003,
      id64: 0xc300_7003,
      since,
      clause,
      summary: 'Mixed widths.',
      arguments: { a: u32, b: word, c: u32, d: u32, e: word },
      returns: { r: word, a: u32, b: word, c: u32, d: u32, e: word },
    },
    six: {
      id: 0x8300_7004,
      id64: 0xc300_7004,
      since,
      clause,
      summary: 'As many as inline assembly for T32 takes.',
      arguments: { a: word, b: word, c: word, d: word, e: word, f: word },
      returns: { r: i32, a: word, b: word, c: word, d: word, e: word, f: word },
    },
    nothing: { id: 0x8300_7005, since, clause, summary: 'No result.', arguments: { a: word }, returns: {} },
  },
});

/** Both conduits, and SMC once more with big-endian data. */
const machines = (
  [
    ['a64', 'hvc'],
    ['a64', 'smc'],
    ['a64-be', 'smc'],
    ['a32', 'hvc'],
    ['a32', 'smc'],
    ['a32-be8', 'smc'],
    ['t32', 'hvc'],
    ['t32', 'smc'],
    ['t32-be8', 'smc'],
  ] as const
).map(([name, conduit]) => ({ target: TARGETS[name] as Target, conduit, title: `${name}, ${conduit}` }));

/** Any number of random words, always the same ones. */
function values(target: Target, count: number, many: number): readonly (readonly bigint[])[] {
  const limit = target.set === 'a64' ? 2n ** 64n - 1n : 2n ** 32n - 1n;
  return fc.sample(fc.array(fc.bigInt({ min: 0n, max: limit }), { minLength: count, maxLength: count }), many);
}

/** Random wrappers whose X0 is a number that nobody answers. */
function unanswered(target: Target, conduit: 'hvc' | 'smc', count: number): readonly WrapperDescription[] {
  return fc.sample(descriptions(target), count).map((description) => ({
    ...description,
    conduit,
    immediate: conduit === 'smc' ? description.immediate & 0xf : description.immediate,
    inputs: [{ register: 0, constant: UNKNOWN_ID }, ...description.inputs.filter(({ register }) => register !== 0)],
  }));
}

describe.skipIf(tools.skip)(`under QEMU${tools.why}`, () => {
  it.each(machines)('wrappers pass, return and keep what they should: $title', ({ target, conduit }) => {
    const pieces: Uint8Array[] = [];
    let size = 0;
    const place = (description: WrapperDescription): number => {
      const { bytes } = wrapperFor(description, target);
      const at = size;
      const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
      padded.set(bytes);
      pieces.push(padded);
      size += padded.length;
      return target.set === 't32' ? at + 1 : at;
    };
    const planned: Planned[] = [];
    const cases: Case[] = [];
    const add = (plan: Planned, at: Case['at']): void => {
      planned.push(plan);
      cases.push(caseOf(plan, at));
    };

    for (const description of unanswered(target, conduit, SETS / SETS_EACH)) {
      const at = { code: place(description) };
      values(target, 18, SETS_EACH).forEach((list, i) => {
        const count = description.inputs.length - description.inputs.filter((input) => 'constant' in input).length;
        add({ description, values: list.slice(0, count), quirkId: i % 3 }, at);
      });
    }

    for (const shape of [valueCall(conduit), registerCall(conduit), blockCall(conduit, target.set === 'a64')]) {
      const at = { code: place(shape) };
      values(target, shape.inputs.length, SETS).forEach(([, ...others], i) => {
        add({ description: shape, values: [UNKNOWN_ID, ...others], quirkId: i % 3 }, at);
      });
    }

    const probePlan = planInterface(probe, { conduit });
    const functions: string[] = [];
    const each = Math.ceil(SETS / probePlan.calls.length);
    for (const call of probePlan.calls) {
      const description = describeCall(probePlan, call, target.set === 'a64') as WrapperDescription;
      const at = { function: functions.length };
      functions.push(call.name);
      for (const list of values(target, call.arguments.length, each)) {
        add({ description, values: list, quirkId: 0 }, at);
      }
    }

    const psciPlan = planInterface(psci.abi, { conduit, prefix: `psci ${conduit}` });
    const recorded = recordedCalls(target, psciPlan, conduit, place);
    for (const { name } of recorded) if (name && !functions.includes(name)) functions.push(name);
    for (const { at, name, parameters } of recorded) {
      cases.push({ at: at ?? { function: functions.indexOf(name as string) }, parameters });
    }

    const code = new Uint8Array(Buffer.concat(pieces));
    const headers = cHeader(probePlan) + cHeader(psciPlan);
    const answers = runBareMetal({ target, conduit, code, headers, functions, cases }, scratch());

    const patterns = patternsFor(target).join();
    const lost = answers.filter(({ stackDifference, kept }) => stackDifference !== 0n || kept.join() !== patterns);
    expect(lost).toEqual([]);
    const wrong = planned.flatMap((plan, i) => {
      const found = differences(plan, target, answers[i] as Answer);
      return found.length === 0 ? [] : [`${JSON.stringify(plan, bigintText)}: ${found.join(', ')}`];
    });
    expect(wrong.slice(0, 3)).toEqual([]);
    recorded.forEach(({ check, title }, i) => {
      expect(check(answers[planned.length + i] as Answer), title).toEqual([]);
    });
    expect(recorded.length).toBeGreaterThan(100);
    expect(planned.length).toBeGreaterThanOrEqual(5 * SETS);
  });
});

function bigintText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
}
