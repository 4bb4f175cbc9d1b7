/** Writes blobs that no sane writer would. */
export class BlobBuilder {
  readonly #struct: number[] = [];
  strings = '';
  reservations: (readonly [bigint, bigint])[] = [];
  version = 17;
  lastCompatible = 16;

  begin(name: string): this {
    this.token(1);
    return this.text(name);
  }

  end(): this {
    return this.token(2);
  }

  /** A property whose name is at an offset of the strings block. */
  propertyAt(offset: number, value: readonly number[] = []): this {
    this.token(3).token(value.length).token(offset);
    this.#struct.push(...value);
    return this.align();
  }

  property(name: string, value: readonly number[] = []): this {
    let offset = this.strings.indexOf(`${name}\0`);
    if (offset < 0) {
      offset = this.strings.length;
      this.strings += `${name}\0`;
    }
    return this.propertyAt(offset, value);
  }

  token(value: number): this {
    this.#struct.push((value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff);
    return this;
  }

  text(value: string): this {
    for (const character of `${value}\0`) this.#struct.push(character.charCodeAt(0));
    return this.align();
  }

  align(): this {
    while (this.#struct.length % 4 !== 0) this.#struct.push(0);
    return this;
  }

  get structSize(): number {
    return this.#struct.length;
  }

  /** The blob, with FDT_END added. */
  finish(): Uint8Array {
    this.token(9);
    const header = this.version >= 17 ? 40 : 36;
    const reservationsOffset = 40;
    const structOffset = reservationsOffset + (this.reservations.length + 1) * 16;
    const stringsOffset = structOffset + this.#struct.length;
    const bytes = new Uint8Array(stringsOffset + this.strings.length);
    const view = new DataView(bytes.buffer);
    const fields = [0xd00dfeed, bytes.length, structOffset, stringsOffset, reservationsOffset, this.version];
    fields.push(this.lastCompatible, 0, this.strings.length);
    if (header === 40) fields.push(this.#struct.length);
    for (const [i, field] of fields.entries()) view.setUint32(i * 4, field);
    for (const [i, [address, size]] of this.reservations.entries()) {
      view.setBigUint64(reservationsOffset + i * 16, address);
      view.setBigUint64(reservationsOffset + i * 16 + 8, size);
    }
    bytes.set(this.#struct, structOffset);
    for (let i = 0; i < this.strings.length; i++) bytes[stringsOffset + i] = this.strings.charCodeAt(i);
    return bytes;
  }
}
