import { DIAGNOSTICS, type Diagnostic, type DiagnosticCode } from '@trapline/core/inspection';
import type { DeviceTree, DeviceTreeNode } from '@trapline/devicetree';
import type { CallConduit, InstructionSet } from '@trapline/wrappers/decode';
import { INSTRUCTIONS, INSTRUCTIONS_OTHERWISE } from './binding.js';
import { type CpuSets, cpuSetsOf } from './cpus.js';
import {
  type HcallReading,
  hasPowerPcCall,
  MAX_INSTRUCTION_BYTES,
  readHcallInstructions,
  readingWords,
} from './instructions.js';

/** What `hcall-instructions` says once it is read: a symbolic conduit, or why there is none. */
export interface DecodedConduit {
  readonly conduit: CallConduit | null;
  readonly immediate: number;
  /** In words. */
  readonly why: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** What is known besides the tree. */
export interface ResolveOptions {
  /** The instruction set of the software that would make the calls, where somebody knows it. */
  readonly set?: InstructionSet;
}

const INSTEAD = 'write method = "hvc" or method = "smc" in its place';

/**
 * Reads a node's `hcall-instructions` (or `hypercall-instructions`) for the CPUs of its tree. One meaning is a conduit;
 * several, or none, are a diagnostic that lists what was read and says what to write instead.
 *
 * Undefined where the node has neither property. Takes whatever a tree holds and never throws.
 */
export function decodeConduit(
  node: DeviceTreeNode,
  tree: DeviceTree,
  options: ResolveOptions = {},
): DecodedConduit | undefined {
  const name = [INSTRUCTIONS, INSTRUCTIONS_OTHERWISE].find((candidate) => node.has(candidate));
  if (name === undefined) return undefined;
  const bytes = node.bytes(name) as Uint8Array;
  const cpus = cpuSetsOf(tree);
  const sets = options.set === undefined ? cpus.sets : [options.set];
  const decoded = decode(bytes, name, sets, cpus);
  if (name === INSTRUCTIONS) return decoded;
  const what = `${name} is Linux's other spelling; ePAPR's is ${INSTRUCTIONS}`;
  return { ...decoded, diagnostics: [...decoded.diagnostics, finding('hcall-misspelt', what)] };
}

function decode(bytes: Uint8Array, name: string, sets: readonly InstructionSet[], cpus: CpuSets): DecodedConduit {
  if (bytes.length === 0 || bytes.length % 4 !== 0 || bytes.length > MAX_INSTRUCTION_BYTES) {
    return none('hcall-malformed', `${name} has ${bytes.length} bytes where it has to have 1 to 4 cells; ${INSTEAD}`);
  }
  const all = readHcallInstructions(bytes);
  const readings = all.filter(({ set }) => sets.includes(set));
  const [first] = readings;
  if (readings.length > 1) {
    const list = readings.map(readingWords).join('; ');
    return none('hcall-ambiguous', `${name} reads as ${list}: say which by method, and remove it`);
  }
  if (first?.pure) return single(first, name);
  if (first !== undefined) {
    const what = `${name} reads as ${readingWords(first)}, but ${first.problem}; ${INSTEAD}`;
    return none('hcall-more-than-a-call', what);
  }
  if (hasPowerPcCall(bytes)) {
    const what = `${name} holds sc 1, PowerPC's call instruction`;
    return none('hcall-powerpc', cpus.powerPc ? what : `${what}, which no Arm CPU executes; ${INSTEAD}`);
  }
  if (all.length > 0) {
    const list = all.map(readingWords).join('; ');
    const who = cpus.names.length > 0 ? ` (${cpus.names.join(', ')})` : '';
    return none('hcall-not-a-call', `${name} reads as ${list}, which the CPUs${who} do not execute; ${INSTEAD}`);
  }
  return none('hcall-not-a-call', `${name} holds no call instruction of A64, A32 or T32; ${INSTEAD}`);
}

function single(reading: HcallReading, name: string): DecodedConduit {
  const { conduit, immediate } = reading.calls[0] as HcallReading['calls'][number];
  const words = readingWords(reading);
  const instead = immediate === 0 ? '' : ` and trapline,immediate = <0x${immediate.toString(16)}>`;
  const what = `${name} reads as ${words}; write method = "${conduit}"${instead} in its place`;
  return {
    conduit,
    immediate,
    why: `${name} reads as ${words}; it was decoded, not executed`,
    diagnostics: [finding('hcall-decoded', what)],
  };
}

function none(code: DiagnosticCode, message: string): DecodedConduit {
  return { conduit: null, immediate: 0, why: DIAGNOSTICS[code].meaning, diagnostics: [finding(code, message)] };
}

function finding(code: DiagnosticCode, message: string): Diagnostic {
  return { severity: DIAGNOSTICS[code].severity, code, message };
}
