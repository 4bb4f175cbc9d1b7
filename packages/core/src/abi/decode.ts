import type { Registers } from '../registers.js';
import { SMC64 } from './convention.js';
import type { CallDeclaration, Interface } from './interface.js';

/** A named value of a decoded call, in words. */
export interface DecodedValue {
  readonly name: string;
  readonly text: string;
}

/** A call read from registers: what a trace prints. */
export interface DecodedCall {
  readonly interface: string;
  readonly call: string;
  readonly declaration: CallDeclaration;
  readonly arguments: readonly DecodedValue[];
}

/** Reads a call's arguments from registers, or gives undefined where the interface has no such number. */
export function decodeCall(abi: Interface, id: number, registers: Registers, a64 = true): DecodedCall | undefined {
  const declaration = abi.find(id);
  if (!declaration) return undefined;
  const wide = a64 && (abi.convention.narrow !== 'by-id' || (id & SMC64) !== 0);
  return {
    interface: abi.name,
    call: declaration.name,
    declaration,
    arguments: show(
      declaration.argumentNames,
      declaration.argumentTypes,
      registers,
      abi.convention.firstArgument,
      wide,
    ),
  };
}

/** Reads a call's results from registers after it returned. */
export function decodeResults(
  abi: Interface,
  declaration: CallDeclaration,
  registers: Registers,
  wide: boolean,
): readonly DecodedValue[] {
  return show(declaration.resultNames, declaration.resultTypes, registers, abi.convention.firstResult, wide);
}

function show(
  names: readonly string[],
  types: CallDeclaration['argumentTypes'],
  registers: Registers,
  first: number,
  wide: boolean,
): DecodedValue[] {
  return names.map((name, i) => {
    const slot = 2 * (first + i);
    const type = types[i] as CallDeclaration['argumentTypes'][number];
    const high = wide && type.bits !== 32 ? (registers.w[slot + 1] as number) : 0;
    return { name, text: type.show(registers.w[slot] as number, high) };
  });
}
