/** A number as the recorders wrote it: `0x` and lower-case digits, up to 64 bits. */
export type Hex = `0x${string}`;

/** Bytes in address order, two digits each, without a prefix. */
export type HexBytes = string;

/**
 * Register values by name. `xN` and `rN` both name register N of the caller; for a 32-bit caller 13 is the stack
 * pointer and 14 the link register of its mode.
 */
export type RegisterValues = Readonly<Record<string, Hex>>;

/** Bytes of guest memory, where they stand. */
export interface MemoryBytes {
  /** What points there: a register (`x1`), a field behind one (`x1->frame_list`), or an area's name. Words only. */
  readonly at?: string;
  /** The guest whose memory it is, where a file has several. */
  readonly domain?: number;
  readonly addr: Hex;
  readonly hex?: HexBytes;
  /** The bytes of `hex` so many times in a row; once where absent. */
  readonly times?: number;
  /**
   * Of a trace's `memIn`: put there right before the answering side looks at guest memory for this time in the step,
   * counted from 1, because another CPU wrote it during the call. Before the step where absent.
   */
  readonly access?: number;
  /** A page that came (`mapped`) or went (`hole`) instead of bytes that changed. */
  readonly page?: 'mapped' | 'hole';
  /** Bytes that vary from run to run (KVM's files). */
  readonly volatileBytes?: readonly { readonly from: number; readonly count: number }[];
}

/** A fault at the guest for a load or a store. */
export interface MemoryFault {
  readonly esr: Hex;
  readonly far: Hex;
}

/** An exception that the guest took instead of a result, or right after it. */
export interface RecordedException {
  /** `sync`, `irq`, or for a 32-bit guest `undef`. */
  readonly kind?: string;
  /** Offset into the vector table. */
  readonly vector?: Hex;
  readonly ec?: Hex;
  /** The syndrome; 0 for a 32-bit guest, which has none. */
  readonly esr?: Hex;
  readonly far?: Hex;
  readonly spsr?: Hex;
  /** The return address minus the address of the instruction: ELR of a 64-bit guest. */
  readonly elrMinusInsn?: Hex;
  /** The same as LR_und of a 32-bit guest. */
  readonly lrUndMinusInsn?: Hex;
  /** Words. */
  readonly what?: string;
}
