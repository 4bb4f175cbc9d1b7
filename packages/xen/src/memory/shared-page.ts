import type { SharedWords } from '@trapline/core';
import { readWords, writeWords } from '../rings/word-bytes.js';
import type { DomainMemory } from './domain-memory.js';
import { NO_FRAME, PAGE_BYTES } from './frames.js';
import { Page } from './page.js';
import { PageWords } from './page-words.js';

/**
 * A page that Xen owns and a guest maps: shared_info, a grant frame. Where the embedder can map pages the guest sees this
 * very page; where it cannot, the page moves into the guest's own memory once it says where ({@link adopt}).
 */
export class SharedPage extends Page {
  override readonly isXenHeap = true;
  /** Where its domain has it mapped (page_get_xenheap_gfn), or {@link NO_FRAME}. */
  frame: number = NO_FRAME;
  readonly #own: SharedWords;

  /** Makes a page of zeros and registers it with its domain's memory under `id`: `shared-info`, `grant:0`, `status:0`. */
  constructor(owner: DomainMemory, id: string) {
    const bytes = new Uint8Array(PAGE_BYTES);
    const own = new PageWords(bytes);
    super(owner, id, bytes, own);
    this.#own = own;
    owner.register(this);
  }

  override read(from: number, target: Uint8Array): void {
    if (this.hasBytes) super.read(from, target);
    else readWords(this.words, from, target);
  }

  override write(to: number, source: Uint8Array): void {
    if (this.hasBytes) super.write(to, source);
    else writeWords(this.words, to, source);
  }

  /** Moves the content into memory of the guest's. */
  adopt(words: SharedWords): void {
    this.#moveTo(words);
  }

  /** Takes the content back. */
  release(): void {
    this.#moveTo(this.#own);
  }

  #moveTo(words: SharedWords): void {
    const from = this.words;
    if (words === from) return;
    for (let i = 0; i < PAGE_BYTES / 4; i++) words.store(i, from.load(i));
    this.show(words);
    this.hasBytes = words === this.#own;
  }
}
