/**
 * How one field of a structure stands in memory: little-endian, naturally aligned. Xen's structures are the same for
 * 64-bit and 32-bit ARM guests (public/arch-arm.h): handles and `xen_ulong_t` have 8 bytes for both.
 */
export interface FieldType<Out = unknown, In = Out> {
  readonly name: string;
  readonly size: number;
  readonly align: number;
  read(view: DataView, offset: number): Out;
  write(view: DataView, offset: number, value: In): void;
}

function scalar<Out, In = Out>(
  name: string,
  size: number,
  read: FieldType<Out, In>['read'],
  write: FieldType<Out, In>['write'],
): FieldType<Out, In> {
  return Object.freeze({ name, size, align: size, read, write });
}

function unsigned64(name: string): FieldType<bigint, bigint | number> {
  return scalar(
    name,
    8,
    (view, offset) => view.getBigUint64(offset, true),
    (view, offset, value) => view.setBigUint64(offset, BigInt.asUintN(64, BigInt(value)), true),
  );
}

export const u8: FieldType<number> = scalar(
  'u8',
  1,
  (view, offset) => view.getUint8(offset),
  (view, offset, value) => view.setUint8(offset, value),
);
export const s8: FieldType<number> = scalar(
  's8',
  1,
  (view, offset) => view.getInt8(offset),
  (view, offset, value) => view.setInt8(offset, value),
);
export const u16: FieldType<number> = scalar(
  'u16',
  2,
  (view, offset) => view.getUint16(offset, true),
  (view, offset, value) => view.setUint16(offset, value, true),
);
export const s16: FieldType<number> = scalar(
  's16',
  2,
  (view, offset) => view.getInt16(offset, true),
  (view, offset, value) => view.setInt16(offset, value, true),
);
export const u32: FieldType<number> = scalar(
  'u32',
  4,
  (view, offset) => view.getUint32(offset, true),
  (view, offset, value) => view.setUint32(offset, value, true),
);
export const s32: FieldType<number> = scalar(
  's32',
  4,
  (view, offset) => view.getInt32(offset, true),
  (view, offset, value) => view.setInt32(offset, value, true),
);
export const u64: FieldType<bigint, bigint | number> = unsigned64('u64');
/** A domain's number (`domid_t`). */
export const domid: FieldType<number> = Object.freeze({ ...u16, name: 'domid' });
/** A frame number, or anything else of Xen's `xen_ulong_t`: 64 bits for every ARM guest. */
export const ulong: FieldType<bigint, bigint | number> = unsigned64('ulong');
/** A pointer of the guest's (`XEN_GUEST_HANDLE`): guest-virtual, 8 bytes for every ARM guest. */
export const handle: FieldType<bigint, bigint | number> = unsigned64('handle');

/** Several fields of one type. Writing fewer than there are leaves the rest as they were. */
export function array<Out, In>(element: FieldType<Out, In>, length: number): FieldType<readonly Out[], readonly In[]> {
  return Object.freeze({
    name: `${element.name}[${length}]`,
    size: element.size * length,
    align: element.align,
    read: (view: DataView, offset: number) =>
      Array.from({ length }, (_, i) => element.read(view, offset + i * element.size)),
    write: (view: DataView, offset: number, values: readonly In[]) => {
      for (let i = 0; i < Math.min(length, values.length); i++) {
        element.write(view, offset + i * element.size, values[i] as In);
      }
    },
  });
}

/** Bytes that are copied whole: reading gives a copy. */
export function bytes(length: number): FieldType<Uint8Array> {
  return Object.freeze({
    name: `bytes[${length}]`,
    size: length,
    align: 1,
    read: (view: DataView, offset: number) => new Uint8Array(view.buffer, view.byteOffset + offset, length).slice(),
    write: (view: DataView, offset: number, value: Uint8Array) =>
      new Uint8Array(view.buffer, view.byteOffset + offset, length).set(value.subarray(0, length)),
  });
}

/** Moves a type to another alignment, as `uint64_aligned_t` and attributes do. */
export function aligned<Out, In>(to: number, type: FieldType<Out, In>): FieldType<Out, In> {
  return Object.freeze({ ...type, align: to, size: Math.ceil(type.size / to) * to });
}
