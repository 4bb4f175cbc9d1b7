import type { Registers } from '../registers.js';
import { writeRegister } from '../registers.js';
import type { Status, StatusNamespace, UnknownStatus } from './status.js';

/**
 * How one argument or result stands in its register: the type a person writes, the bits a guest passes, the words a
 * trace shows, and the values a test should try.
 */
export interface ValueType<In = unknown, Out = In> {
  /** The type's name, as tables and generated declarations show it. */
  readonly name: string;
  /** Bits that carry meaning: 32, 64, or `native`, the width of the call's convention. */
  readonly bits: 32 | 64 | 'native';
  /** Stores a value in a register; both halves are written. */
  write(registers: Registers, slot: number, value: In): void;
  /** Reads a register. `wide` tells whether 64 bits of it count. */
  read(registers: Registers, slot: number, wide: boolean): Out;
  /** The value in words. `low` and `high` are the register's halves, already narrowed. */
  show(low: number, high: number): string;
  /** Values worth trying: limits, valid values and their neighbours. */
  readonly edges: readonly bigint[];
  /** Names of values, where the type is an enumeration or has flags. */
  readonly names?: Readonly<Record<string, number>>;
  /** The statuses that may stand in the register, where the type has any. */
  readonly statuses?: readonly Status[];
}

const EDGES_32 = [0n, 1n, 2n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_fffen, 0xffff_ffffn];
const EDGES_64 = [...EDGES_32, 0x1_0000_0000n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n];

/** Two halves as one hexadecimal word. */
export function hex64(low: number, high: number): string {
  return high === 0
    ? `0x${(low >>> 0).toString(16)}`
    : `0x${(high >>> 0).toString(16)}${(low >>> 0).toString(16).padStart(8, '0')}`;
}

function write32(registers: Registers, slot: number, value: number): void {
  registers.w[2 * slot] = value;
  registers.w[2 * slot + 1] = 0;
}

/** An unsigned 32-bit value. */
export const u32: ValueType<number> = {
  name: 'u32',
  bits: 32,
  write: write32,
  read: (registers, slot) => registers.w[2 * slot] as number,
  show: (low) => `0x${(low >>> 0).toString(16)}`,
  edges: EDGES_32,
};

/** A signed 32-bit value; a register is written with its sign extended to 64 bits. */
export const i32: ValueType<number> = {
  name: 'i32',
  bits: 32,
  write: (registers, slot, value) => {
    registers.w[2 * slot] = value;
    registers.w[2 * slot + 1] = value >> 31;
  },
  read: (registers, slot) => (registers.w[2 * slot] as number) | 0,
  show: (low) => String(low | 0),
  edges: EDGES_32,
};

/** An unsigned 64-bit value. */
export const u64: ValueType<number | bigint, bigint> = {
  name: 'u64',
  bits: 64,
  write: writeRegister,
  read: (registers, slot) => registers.x[slot] as bigint,
  show: hex64,
  edges: EDGES_64,
};

/** A value as wide as the calling convention of the call: 32 bits in SMC32, 64 in SMC64. */
export const word: ValueType<number | bigint, bigint> = {
  name: 'word',
  bits: 'native',
  write: writeRegister,
  read: (registers, slot, wide) =>
    wide ? (registers.x[slot] as bigint) : BigInt((registers.w[2 * slot] as number) >>> 0),
  show: hex64,
  edges: EDGES_64,
};

/** A type like another, under a name of its own and with words of its own. */
export function named<In, Out>(
  name: string,
  base: ValueType<In, Out>,
  more: { readonly show?: (low: number, high: number) => string; readonly edges?: readonly bigint[] } = {},
): ValueType<In, Out> {
  return { ...base, name, ...more };
}

/** A value of an enumeration that has no name: kept as it came. */
export interface Unknown {
  readonly unknown: number;
}

/** An enumeration: names on the typed side, numbers in the register. */
export function oneOf<const Names extends Readonly<Record<string, number>>>(
  name: string,
  names: Names,
): ValueType<(keyof Names & string) | Unknown, (keyof Names & string) | Unknown> {
  const byValue = new Map(Object.entries(names).map(([key, value]) => [value | 0, key as keyof Names & string]));
  return {
    name,
    bits: 32,
    write: (registers, slot, value) =>
      write32(registers, slot, typeof value === 'string' ? (names[value] as number) : value.unknown),
    read: (registers, slot) => {
      const value = (registers.w[2 * slot] as number) | 0;
      return byValue.get(value) ?? { unknown: value };
    },
    show: (low) => byValue.get(low | 0) ?? `0x${(low >>> 0).toString(16)}`,
    edges: [...new Set([...[...byValue.keys()].flatMap((v) => [v - 1, v, v + 1]), -1])].map((v) =>
      BigInt.asUintN(32, BigInt(v)),
    ),
    names,
  };
}

/** A status of a namespace, sign-extended in its register. */
export function status<Namespace extends string, Names extends string>(
  namespace: StatusNamespace<Namespace, Names>,
): ValueType<Status<Namespace, Names>, Status<Namespace, Names> | UnknownStatus<Namespace>> {
  return {
    name: `${namespace.namespace} status`,
    bits: 32,
    write: (registers, slot, value) => i32.write(registers, slot, value.code),
    read: (registers, slot) => namespace.of((registers.w[2 * slot] as number) | 0),
    show: (low) => namespace.of(low | 0).toString(),
    edges: namespace.all.map((s) => BigInt.asUintN(64, BigInt(s.code))),
    statuses: namespace.all,
  };
}

/** A value where the register is not negative, else a status of a namespace. */
export function valueOr<In, Out, Namespace extends string, Names extends string>(
  value: ValueType<In, Out>,
  namespace: StatusNamespace<Namespace, Names>,
): ValueType<In, Out | Status<Namespace, Names> | UnknownStatus<Namespace>> {
  return {
    ...value,
    name: `${value.name} or ${namespace.namespace} status`,
    statuses: namespace.all,
    read: (registers, slot, wide) => {
      const code = (registers.w[2 * slot] as number) | 0;
      const top = wide && value.bits !== 32 ? (registers.w[2 * slot + 1] as number) | 0 : code;
      return top < 0 ? namespace.of(code) : value.read(registers, slot, wide);
    },
    show: (low, high) => ((low | 0) < 0 ? namespace.of(low | 0).toString() : value.show(low, high)),
  };
}
