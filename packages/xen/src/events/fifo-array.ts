import type { SharedWords } from '@trapline/core';
import { EVENT_WORD, EVTCHN_FIFO_NR_CHANNELS } from '../abi/structures/event-channel.js';
import { PAGE_BYTES } from '../memory/frames.js';
import type { HeldPage } from '../vcpu/held-page.js';

/** Event words in a page. */
export const WORDS_PER_PAGE: number = PAGE_BYTES / 4;
/** Pages of a whole event array. */
export const MAX_ARRAY_PAGES: number = EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE;

/** Tries to link behind a tail that is locked: a guest may change a linked word only so often (fifo-design, 4 times). */
const LINK_TRIES = 4;

const { linked: LINKED, busy: BUSY, link: LINK } = EVENT_WORD;

/** The event array of a domain: pages of its own that it has handed to Xen, a word for each port. */
export class FifoArray {
  readonly pages: HeldPage[] = [];

  /** Ports that have a word. */
  get length(): number {
    return this.pages.length * WORDS_PER_PAGE;
  }

  /** The page of words that has a port's; undefined where the guest has not handed it over yet. */
  wordsOf(port: number): SharedWords | undefined {
    return this.pages[port >>> 10]?.words;
  }

  /**
   * Lets the tail of a queue point to the next event, provided that it is still in the queue: the guest that has taken it
   * out meanwhile finds the event by the queue's head. False where it was not linked any more.
   *
   * A guest may change a linked word four times until it is locked; one that goes on breaks the protocol, and only its
   * own queue.
   */
  linkBehind(tail: number, port: number): boolean {
    const words = this.wordsOf(tail);
    if (words === undefined) return false;
    const index = tail & (WORDS_PER_PAGE - 1);
    const seen = words.load(index);
    if ((seen & LINKED) === 0) return false;
    if (words.compareExchange(index, seen, linkedTo(seen, port)) === seen) return true;
    words.or(index, BUSY);
    return this.#linkLocked(words, index, port);
  }

  #linkLocked(words: SharedWords, index: number, port: number): boolean {
    let seen = words.load(index);
    for (let i = 0; i < LINK_TRIES; i++) {
      if ((seen & LINKED) === 0) {
        words.and(index, ~BUSY);
        return false;
      }
      const found = words.compareExchange(index, seen, linkedTo(seen, port));
      if (found === seen) return true;
      seen = found;
    }
    words.and(index, ~BUSY);
    return true;
  }
}

function linkedTo(word: number, port: number): number {
  return (word & ~(BUSY | LINK)) | port;
}
