/** Largest structure that is copied as one: more is copied in parts. */
const OPERAND_BYTES = 512;

/**
 * The copy of a guest's structure: read once, checked, then used; what the guest changes meanwhile does not count. Views
 * of one buffer, by width: a field at byte `o` is `bytes[o]`, `halves[o / 2]`, `words[o / 4]`.
 */
export class Operand {
  readonly bytes: Uint8Array;
  readonly halves: Uint16Array;
  readonly words: Uint32Array;
  readonly #sized: (Uint8Array | undefined)[] = [];

  constructor(size: number = OPERAND_BYTES) {
    const buffer = new ArrayBuffer(size);
    this.bytes = new Uint8Array(buffer);
    this.halves = new Uint16Array(buffer);
    this.words = new Uint32Array(buffer);
  }

  /** The first bytes, always the same view for one length: a copy into it allocates nothing. */
  first(length: number): Uint8Array {
    const view = this.#sized[length];
    if (view !== undefined) return view;
    const made = this.bytes.subarray(0, length);
    this.#sized[length] = made;
    return made;
  }
}
