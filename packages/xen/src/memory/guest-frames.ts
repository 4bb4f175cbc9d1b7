import type { MemoryPage, MemoryPort, PageMapping, SharedWords } from '@trapline/core';
import type { DomainMemory } from './domain-memory.js';
import { addressOfFrame, asBuiltId, PAGE_BYTES } from './frames.js';
import { Page } from './page.js';
import { isWritable, type PageType } from './page-types.js';
import { wordsAt } from './page-words.js';
import { PortPage } from './port-page.js';

/** The frames of a guest as its memory port has them: one that can map pages, one that cannot, or none at all. */
export class GuestFrames {
  readonly #port: MemoryPort | undefined;
  readonly #mapping: PageMapping | undefined;

  constructor(port: MemoryPort | undefined) {
    this.#port = port;
    this.#mapping = port?.mapping;
  }

  /** Whether there is memory. */
  get exist(): boolean {
    return this.#port !== undefined;
  }

  /** Whether pages can be put at frames. */
  get canMap(): boolean {
    return this.#mapping !== undefined;
  }

  /** A page of what the port has at a frame; undefined where it shows neither its bytes nor its words. */
  page(owner: DomainMemory, frame: number): Page | undefined {
    const bytes = this.#bytes(frame);
    const words = this.canMap ? undefined : this.words(frame);
    if (bytes !== undefined) return new Page(owner, asBuiltId(frame), bytes, words);
    return words && new PortPage(owner, frame, this.#port as MemoryPort, words);
  }

  #bytes(frame: number): MemoryPage | undefined {
    if (this.#mapping !== undefined) return this.#mapping.page(frame);
    const view = this.#port?.view?.(addressOfFrame(frame), PAGE_BYTES);
    return view !== undefined && view.byteOffset % 4 === 0 ? view : undefined;
  }

  /** The page at a frame as words. */
  words(frame: number): SharedWords | undefined {
    return this.#port && wordsAt(this.#port, addressOfFrame(frame), PAGE_BYTES);
  }

  /** Puts a page at a frame, or nothing; false where the port says that it cannot be there. */
  show(frame: number, type: PageType, bytes: MemoryPage | undefined): boolean {
    if (bytes === undefined) {
      this.hide(frame);
      return true;
    }
    return this.#mapping?.map(frame, bytes, isWritable(type) ? 'write' : 'read') ?? false;
  }

  /** Makes a frame a hole, where the port can. */
  hide(frame: number): void {
    this.#mapping?.unmap(frame);
  }
}
