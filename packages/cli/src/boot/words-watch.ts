/** Looks for words in a text that comes in pieces. */
export class WordsWatch {
  readonly #words: string;
  #tail = '';
  #found = false;

  constructor(words: string) {
    this.#words = words;
  }

  /** Whether the words are there now, for the first time. */
  seen(text: string): boolean {
    if (this.#found) return false;
    const all = this.#tail + text;
    this.#found = all.includes(this.#words);
    this.#tail = all.slice(-this.#words.length);
    return this.#found;
  }
}
