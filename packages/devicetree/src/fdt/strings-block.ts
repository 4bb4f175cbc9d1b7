/**
 * The strings block while it is written: names in order of first use, and a name that is another's tail shares it, at
 * its first occurrence, as dtc does it.
 */
export class StringsBlock {
  readonly #offsets = new Map<string, number>();
  #text = '';

  get size(): number {
    return this.#text.length;
  }

  /** The offset of a name, which is added where it is new. */
  offsetOf(name: string): number {
    const known = this.#offsets.get(name);
    if (known !== undefined) return known;
    const terminated = `${name}\0`;
    let offset = this.#text.indexOf(terminated);
    if (offset < 0) {
      offset = this.#text.length;
      this.#text += terminated;
    }
    this.#offsets.set(name, offset);
    return offset;
  }

  /** Puts the block into a blob. Names are ASCII. */
  copyTo(bytes: Uint8Array, start: number): void {
    for (let i = 0; i < this.#text.length; i++) bytes[start + i] = this.#text.charCodeAt(i);
  }
}
