import type { SharedWords } from '@trapline/core';
import { PAGE_BYTES } from './frames.js';
import { PageWords } from './page-words.js';

/**
 * A page that Xen owns and a guest maps: shared_info, a grant frame. Where the embedder can map pages the guest sees this
 * very page; where it cannot, the page moves into the guest's own memory once it says where ({@link adopt}).
 */
export class SharedPage {
  /** The page itself, while Xen holds it. */
  readonly bytes: Uint8Array = new Uint8Array(PAGE_BYTES);
  readonly #own: SharedWords = new PageWords(this.bytes);
  #words: SharedWords = this.#own;

  /** What guest and service share now. Asked for at each use: it changes when the page moves. */
  get words(): SharedWords {
    return this.#words;
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
    if (words === this.#words) return;
    for (let i = 0; i < PAGE_BYTES / 4; i++) words.store(i, this.#words.load(i));
    this.#words = words;
  }
}
