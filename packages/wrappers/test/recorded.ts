import { loadRecording } from '@trapline/recordings';
import { type InterfacePlan, registerCall, type Target, type WrapperDescription } from '@trapline/wrappers';
import { type Answer, type Case, QUIRK, RESULTS } from './bare-metal.js';

/** A recorded call, made by a wrapper of machine code (`at`) or by a C function (`name`). */
export interface RecordedCall {
  readonly title: string;
  readonly at?: Case['at'];
  readonly name?: string;
  readonly parameters: readonly bigint[];
  check(answer: Answer): readonly string[];
}

const recordings = {
  a64: await loadRecording('psci-qemu-7.2-hvc'),
  aarch32: await loadRecording('psci-qemu-7.2-a32-hvc'),
};

/** CPU_SUSPEND, CPU_OFF, CPU_ON and what ends the machine: the calls that change what later ones answer. */
const CHANGES = [0x1n, 0x2n, 0x3n, 0x8n, 0x9n];

interface Step {
  readonly registers: readonly bigint[];
  readonly out: readonly bigint[];
  readonly note: string;
}

/** Calls of the first CPU before anything changed, with immediate 0: what they answer depends on nothing else. */
function steps(target: Target): readonly Step[] {
  const a64 = target.set === 'a64';
  const found: Step[] = [];
  for (const scenario of recordings[a64 ? 'a64' : 'aarch32'].scenarios) {
    for (const step of scenario.steps) {
      if (step.op !== 'call' || (step.cpu ?? 0) !== 0 || step.volatile || step.exception || step.returns === false)
        break;
      if (step.resumedAtEntry || step.notRun || step.imm === undefined) break;
      const registers = Array.from({ length: 8 }, (_, i) => BigInt(step.in[`x${i}`] ?? fill(i, a64)));
      const id = registers[0] as bigint;
      const isPsci = (id & 0xbfff_ffe0n) === 0x8400_0000n || (id & 0xffff_fff0n) === 0x95c1_ba50n;
      const failed = BigInt(step.out?.x0 ?? 0) !== 0n;
      if (isPsci && (CHANGES.includes(id & 0x1fn) || id >> 24n === 0x95n) && !failed) break;
      if (BigInt(step.imm) !== 0n || step.sym !== undefined) continue;
      const out = registers.slice(0, 4).map((value, i) => BigInt(step.out?.[`x${i}`] ?? value));
      found.push({ registers, out, note: `${scenario.id}: ${step.note ?? ''}` });
    }
  }
  return found;
}

/** The recorder's pattern of a register. */
function fill(register: number, a64: boolean): string {
  const number = register.toString(16).padStart(2, '0').repeat(2);
  return a64 ? `0xa5a5${number}c0de${number}` : `0xc0de${number}`;
}

/** Every recorded call twice: by a wrapper for any call, and by the C function of the call where its types can hold it. */
export function recordedCalls(
  target: Target,
  plan: InterfacePlan,
  conduit: 'hvc' | 'smc',
  place: (description: WrapperDescription) => number,
): readonly RecordedCall[] {
  const a64 = target.set === 'a64';
  const size = a64 ? 8 : 4;
  const at = { code: place(registerCall(conduit)) };
  const calls: RecordedCall[] = [];
  for (const { registers, out, note } of steps(target)) {
    calls.push({
      title: `${note}, by machine code`,
      at,
      parameters: [...registers, RESULTS, QUIRK],
      check: ({ results }) => {
        const view = new DataView(results.buffer);
        const little = target.data === 'little';
        const got = out.map((_, i) =>
          size === 8 ? view.getBigUint64(8 * i, little) : BigInt(view.getUint32(4 * i, little)),
        );
        return got.flatMap((value, i) => (value === out[i] ? [] : [`x${i}: 0x${value.toString(16)}`]));
      },
    });
    const call = plan.calls.find(({ ids }) => BigInt((a64 ? ids.a64 : ids.a32) ?? -1) === registers[0]);
    const fits = call?.arguments.every(({ width, register }) => {
      const value = registers[register.a64] as bigint;
      return width !== 32 || value === BigInt.asUintN(32, value);
    });
    if (!call || !fits) continue;
    calls.push({
      title: `${note}, by ${call.name}()`,
      name: call.name,
      parameters: registers.slice(1, 1 + call.arguments.length),
      check: ({ value }) => {
        const bits = a64 && call.results[0]?.width === 'word' ? 64 : 32;
        const same = BigInt.asUintN(bits, value) === BigInt.asUintN(bits, out[0] as bigint);
        return same ? [] : [`0x${value.toString(16)}`];
      },
    });
  }
  return calls;
}
