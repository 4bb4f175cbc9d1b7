import { createTranslationRegisters, type Regime, TCR, TTBR0, TTBR1, type WordReader } from '@trapline/trap-bus';

/** Physical memory of the tables: 32-bit words by address; everything else is no memory. */
export class Words {
  readonly #words = new Map<number, number>();
  readonly #tables: (readonly [start: number, end: number])[] = [];
  readonly #bigEndian: boolean;

  constructor(bigEndian = false) {
    this.#bigEndian = bigEndian;
  }

  readonly read: WordReader = (address) => this.#words.get(address) ?? (this.#isTable(address) ? 0 : -1);

  put32(address: number, value: number): void {
    const bytes = [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];
    if (this.#bigEndian) bytes.reverse();
    const view = new DataView(Uint8Array.from(bytes).buffer);
    this.#words.set(address, view.getUint32(0, true));
  }

  put64(address: number, value: bigint): void {
    const [first, second] = this.#bigEndian ? [value >> 32n, value] : [value, value >> 32n];
    this.put32(address, Number(BigInt.asUintN(32, first)));
    this.put32(address + 4, Number(BigInt.asUintN(32, second)));
  }

  get64(address: number): bigint {
    const half = (at: number): bigint => {
      const view = new DataView(new ArrayBuffer(4));
      view.setUint32(0, this.#words.get(at) ?? 0, true);
      return BigInt(view.getUint32(0, !this.#bigEndian));
    };
    const [low, high] = this.#bigEndian ? [address + 4, address] : [address, address + 4];
    return (half(high) << 32n) | half(low);
  }

  /** A table of zeros. */
  clear(address: number, bytes: number): void {
    this.#tables.push([address, address + bytes]);
  }

  #isTable(address: number): boolean {
    return this.#tables.some(([start, end]) => address >= start && address < end);
  }
}

/** A granule as DDI 0487 tabulates it: the lowest address bit that each level resolves. */
export interface Granule {
  readonly kib: 4 | 16 | 64;
  readonly bits: number;
  readonly shifts: Readonly<Record<number, number>>;
  /** Where a walk starts, by the least TnSZ for which it does (tables D8-22 and on). */
  readonly starts: readonly (readonly [leastOffset: number, level: number])[];
  /** Levels at which a leaf can be, without and with 52-bit addresses. */
  readonly leaves: readonly number[];
  readonly leaves52: readonly number[];
  readonly tg0: number;
  readonly tg1: number;
}

export const GRANULES: readonly Granule[] = [
  {
    kib: 4,
    bits: 12,
    shifts: { '-1': 48, 0: 39, 1: 30, 2: 21, 3: 12 },
    starts: [
      [43, 3],
      [34, 2],
      [25, 1],
      [16, 0],
      [12, -1],
    ],
    leaves: [1, 2, 3],
    leaves52: [0, 1, 2, 3],
    tg0: 0b00,
    tg1: 0b10,
  },
  {
    kib: 16,
    bits: 14,
    shifts: { 0: 47, 1: 36, 2: 25, 3: 14 },
    starts: [
      [39, 3],
      [28, 2],
      [17, 1],
      [12, 0],
    ],
    leaves: [2, 3],
    leaves52: [1, 2, 3],
    tg0: 0b10,
    tg1: 0b01,
  },
  {
    kib: 64,
    bits: 16,
    shifts: { 1: 42, 2: 29, 3: 16 },
    starts: [
      [35, 3],
      [22, 2],
      [12, 1],
    ],
    leaves: [2, 3],
    leaves52: [1, 2, 3],
    tg0: 0b01,
    tg1: 0b11,
  },
];

export const mask = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

export function startLevel(granule: Granule, sizeOffset: number): number {
  const found = granule.starts.find(([least]) => sizeOffset >= least);
  if (!found) throw new Error(`no start level for ${sizeOffset}`);
  return found[1];
}

/** Bits 51:48 of an address, where 64 KiB descriptors (FEAT_LPA) or smaller ones (FEAT_LPA2) hold them. */
export function addressField(granule: Granule, wide: boolean, address: bigint): bigint {
  if (!wide) return address;
  const low = address & mask(48);
  const top = address >> 48n;
  if (granule.kib === 64) return low | (top << 12n);
  return (address & mask(50)) | ((address >> 50n) << 8n);
}

/** A leaf: valid, access flag set, everybody may read and write, unless the flags say otherwise. */
export const AF = 1n << 10n;
export const AP_EL0 = 1n << 6n;
export const AP_READ_ONLY = 1n << 7n;
export const DBM = 1n << 51n;
export const TABLE_READ_ONLY = 1n << 62n;
export const TABLE_NO_EL0 = 1n << 61n;

/** Builds tables of 64-bit descriptors, descriptor by descriptor. */
export class TableBuilder {
  readonly words: Words;
  readonly granule: Granule;
  readonly sizeOffset: number;
  readonly root: number;
  /** 52-bit output addresses. */
  readonly wide: boolean;
  readonly #allocate: (size: number) => number;

  constructor(words: Words, granule: Granule, sizeOffset: number, wide: boolean, allocate: (size: number) => number) {
    this.words = words;
    this.granule = granule;
    this.sizeOffset = sizeOffset;
    this.wide = wide;
    this.#allocate = allocate;
    const entries = 2 ** (64 - sizeOffset - this.shift(startLevel(granule, sizeOffset)));
    const size = Math.max(entries * 8, wide ? 64 : 0);
    this.root = allocate(size);
    words.clear(this.root, size);
  }

  shift(level: number): number {
    return this.granule.shifts[level] as number;
  }

  /** Address of the descriptor for `va` at a level, with tables made on the way down; -1 where a leaf is in the way. */
  slot(va: bigint, level: number, tableFlags = 0n): number {
    let table = this.root;
    let bits = 64 - this.sizeOffset;
    for (let at = startLevel(this.granule, this.sizeOffset); ; at++) {
      const index = Number((va & mask(bits)) >> BigInt(this.shift(at)));
      const place = table + index * 8;
      if (at === level) return place;
      let descriptor = this.words.get64(place);
      if (descriptor === 0n) {
        const size = 2 ** this.granule.bits;
        const next = this.#allocate(size);
        this.words.clear(next, size);
        descriptor = addressField(this.granule, this.wide, BigInt(next)) | tableFlags | 3n;
        this.words.put64(place, descriptor);
      } else if ((descriptor & 2n) === 0n) return -1;
      table = this.#next(descriptor);
      bits = this.shift(at);
    }
  }

  /** Maps the block or page at a level that contains `va`; false where something is mapped there. */
  map(va: bigint, pa: bigint, level: number, flags: bigint = AF | AP_EL0): boolean {
    const place = this.slot(va, level);
    if (place < 0 || this.words.get64(place) !== 0n) return false;
    const base = pa & ~mask(this.shift(level));
    this.words.put64(place, addressField(this.granule, this.wide, base) | flags | (level === 3 ? 3n : 1n));
    return true;
  }

  #next(descriptor: bigint): number {
    const { kib, bits } = this.granule;
    let address = descriptor & mask(this.wide && kib !== 64 ? 50 : 48) & ~mask(bits);
    if (this.wide && kib === 64) address |= ((descriptor >> 12n) & 15n) << 48n;
    if (this.wide && kib !== 64) address |= ((descriptor >> 8n) & 3n) << 50n;
    return Number(address);
  }
}

const PS = { 32: 0, 36: 1, 40: 2, 42: 3, 44: 4, 48: 5, 52: 6 } as const;

/** What a test sets of a stage-1 regime. */
export interface RegimeSettings extends Partial<Omit<Regime, 'registers'>> {
  readonly tcr?: bigint;
  readonly ttbr0?: bigint;
  readonly ttbr1?: bigint;
}

/** A regime with the MMU on, unless the settings say otherwise. */
export function regime({ tcr = 0n, ttbr0 = 0n, ttbr1 = 0n, ...rest }: RegimeSettings): Regime {
  const registers = createTranslationRegisters();
  registers.x[TCR] = tcr;
  registers.x[TTBR0] = ttbr0;
  registers.x[TTBR1] = ttbr1;
  const usual = { state: 'a64', ranges: 2, privileged: true, sctlr: 1, addressBits: 48, managesFlags: false } as const;
  return { ...usual, ...rest, registers };
}

/** TCR_EL1 for one granule and size in both ranges. */
export function tcrEl1(granule: Granule, t0sz: number, t1sz: number, physical: keyof typeof PS, ds = false): bigint {
  const fields = [t0sz, t1sz << 16, granule.tg0 << 14].reduce((sum, field) => sum | BigInt(field), 0n);
  return fields | (BigInt(granule.tg1) << 30n) | (BigInt(PS[physical]) << 32n) | (ds ? 1n << 59n : 0n);
}

/** TTBR for a table, with bits 51:48 where they go. */
export function ttbrOf(table: number): bigint {
  const address = BigInt(table);
  return (address & mask(48)) | ((address >> 48n) << 2n);
}
