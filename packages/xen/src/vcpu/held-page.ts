import type { Saved, SharedWords } from '@trapline/core';
import type { Domain } from '../domain/domain.js';
import type { SavedState } from '../domain/saved-state.js';
import type { Page } from '../memory/page.js';

/** Frames that a saved state can name: those of any address that a Number holds. */
const MAX_FRAME: number = 2 ** 41 - 1;

/**
 * A page of the guest's that Xen has mapped for itself, by a reference of its own: it stays the same page, wherever the
 * guest moves its frame.
 */
export class HeldPage {
  readonly #frame: number;
  readonly #page: Page | undefined;
  readonly #words: SharedWords;

  private constructor(frame: number, page: Page | undefined, words: SharedWords) {
    this.#frame = frame;
    this.#page = page;
    this.#words = words;
  }

  /** Takes hold of the page at a frame (get_page_from_gfn); undefined where Xen finds none there. */
  static take({ memory }: Domain, frame: number): HeldPage | undefined {
    const page = memory.anyPage(frame);
    if (page !== undefined) return page.take() ? new HeldPage(frame, page, page.words) : undefined;
    const words = memory.words(frame);
    return words === undefined ? undefined : new HeldPage(frame, undefined, words);
  }

  /** Takes hold of a page again that was held when the machine was saved: called when all memory is back. */
  static retake(domain: Domain, state: SavedState): HeldPage {
    const frame = state.integer('frame', 0, MAX_FRAME);
    const saved = state.partOrNothing('page');
    if (saved === undefined) {
      const words = domain.memory.words(frame);
      if (words === undefined) throw state.error('it is no memory');
      return new HeldPage(frame, undefined, words);
    }
    const owner = domain.xen.domain(saved.integer('domain', 0, 0xffff));
    const page = owner?.memory.pageOf(saved.text('id'));
    if (page === undefined) throw state.error('its page is not there');
    page.retake();
    return new HeldPage(frame, page, page.words);
  }

  /** What guest and service share. */
  get words(): SharedWords {
    return this.#page?.words ?? this.#words;
  }

  /** Lets it go. */
  release(): void {
    this.#page?.drop();
  }

  save(): Saved {
    const page = this.#page && { domain: this.#page.owner.domain.id, id: this.#page.id };
    return { frame: this.#frame, page: page ?? null };
  }
}
