import type { FieldType } from './field-type.js';

export {
  aligned,
  array,
  bytes,
  domid,
  handle,
  s8,
  s16,
  s32,
  u8,
  u16,
  u32,
  u64,
  ulong,
} from './field-type.js';

/** The fields of a structure, by name, in memory order. */
export type StructureFields = Readonly<Record<string, FieldType<unknown, never>>>;

/** What a structure holds when it is read. */
export type ValuesOf<F extends StructureFields> = {
  readonly [K in keyof F]: F[K] extends FieldType<infer Out, never> ? Out : never;
};

/** What a structure is written from: fields left out stay as the memory has them. */
export type InputOf<F extends StructureFields> = {
  readonly [K in keyof F]?: F[K] extends FieldType<unknown, infer In> ? In : never;
};

/** A structure's layout. It is itself a field type, so structures nest. */
export interface Structure<F extends StructureFields = StructureFields> extends FieldType<ValuesOf<F>, InputOf<F>> {
  readonly fields: F;
  /** The byte offset of each field. */
  readonly at: { readonly [K in keyof F & string]: number };
  /** Writes the fields that are given, into `bytes` (from its start) or into zeros. */
  encode(value: InputOf<F>, bytes?: Uint8Array): Uint8Array;
  /** Reads all fields. Throws RangeError for fewer bytes than {@link FieldType.size}. */
  decode(bytes: Uint8Array): ValuesOf<F>;
}

/** Declares a structure by its fields in memory order, each at its natural alignment. */
export function defineStructure<const F extends StructureFields>(name: string, fields: F): Structure<F> {
  let end = 0;
  let align = 1;
  const at: Record<string, number> = {};
  for (const [field, type] of Object.entries(fields)) {
    end = roundUp(end, type.align);
    at[field] = end;
    end += type.size;
    align = Math.max(align, type.align);
  }
  return layout(name, fields, at, roundUp(end, align), align);
}

/**
 * Declares a union: every member begins at its first byte. Reading gives all members' readings; writing writes the
 * members that are given.
 */
export function defineUnion<const F extends StructureFields>(name: string, members: F): Structure<F> {
  const types = Object.values(members);
  const align = Math.max(1, ...types.map((type) => type.align));
  const size = roundUp(Math.max(0, ...types.map((type) => type.size)), align);
  return layout(name, members, Object.fromEntries(Object.keys(members).map((member) => [member, 0])), size, align);
}

function layout<F extends StructureFields>(
  name: string,
  fields: F,
  at: Readonly<Record<string, number>>,
  size: number,
  align: number,
): Structure<F> {
  const entries = Object.entries(fields) as [string, FieldType<unknown, unknown>][];
  const read = (view: DataView, offset: number): ValuesOf<F> =>
    Object.fromEntries(
      entries.map(([field, type]) => [field, type.read(view, offset + (at[field] as number))]),
    ) as ValuesOf<F>;
  const write = (view: DataView, offset: number, value: InputOf<F>): void => {
    for (const [field, type] of entries) {
      const given: unknown = value[field];
      if (given !== undefined) type.write(view, offset + (at[field] as number), given);
    }
  };
  return Object.freeze({
    name,
    size,
    align,
    fields,
    at: Object.freeze(at) as Structure<F>['at'],
    read,
    write,
    encode: (value: InputOf<F>, bytes: Uint8Array = new Uint8Array(size)) => {
      write(viewOf(bytes), 0, value);
      return bytes;
    },
    decode: (bytes: Uint8Array) => read(viewOf(bytes), 0),
  });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function roundUp(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}
