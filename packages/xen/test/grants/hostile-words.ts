import type { SharedWords } from '@trapline/core';
import type { SharedPage } from '../../src/memory/shared-page.js';

type Access = 'load' | 'store' | 'or' | 'and' | 'compareExchange';

/** Words that their guest changes between any two of Xen's operations on them. */
export class HostileWords implements SharedWords {
  readonly words: Int32Array = new Int32Array(1024);
  /** Each operation with the word that it was on. */
  readonly seen: [Access, number][] = [];
  /** What the other side does right after an operation. */
  after: (access: Access, index: number, count: number) => void = () => {};

  load(index: number): number {
    return this.#done('load', index, this.words[index] as number);
  }

  store(index: number, value: number): void {
    this.words[index] = value;
    this.#done('store', index, 0);
  }

  or(index: number, bits: number): number {
    const old = this.words[index] as number;
    this.words[index] = old | bits;
    return this.#done('or', index, old);
  }

  and(index: number, bits: number): number {
    const old = this.words[index] as number;
    this.words[index] = old & bits;
    return this.#done('and', index, old);
  }

  compareExchange(index: number, expected: number, replacement: number): number {
    const old = this.words[index] as number;
    if (old === expected) this.words[index] = replacement;
    return this.#done('compareExchange', index, old);
  }

  /** How often a word was accessed in a way. */
  count(access: Access, index: number): number {
    return this.seen.filter(([kind, at]) => kind === access && at === index).length;
  }

  #done(access: Access, index: number, value: number): number {
    this.seen.push([access, index]);
    this.after(access, index, this.seen.length);
    return value;
  }
}

/** Puts hostile words behind a page of a table. */
export function hostile(page: SharedPage | undefined): HostileWords {
  const words = new HostileWords();
  page?.adopt(words);
  words.seen.length = 0;
  return words;
}
