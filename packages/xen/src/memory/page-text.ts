import type { MemoryPage, SharedWords } from '@trapline/core';
import { PAGE_BYTES } from './frames.js';

const WORDS = PAGE_BYTES / 4;

/** A page's content as hexadecimal text, without the zeros at its end. */
export function textOf(bytes: MemoryPage): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  let text = '';
  for (let i = 0; i < end; i++) text += (bytes[i] as number).toString(16).padStart(2, '0');
  return text;
}

/** The same of a page that is only known by its words. */
export function textOfWords(words: SharedWords): string {
  const bytes = new Uint8Array(PAGE_BYTES);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < WORDS; i++) view.setInt32(4 * i, words.load(i), true);
  return textOf(bytes);
}

/** The page of such a text, or undefined for any other. */
export function pageOfText(text: string): MemoryPage | undefined {
  if (text.length % 2 !== 0 || text.length > 2 * PAGE_BYTES || !/^[0-9a-f]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(PAGE_BYTES);
  for (let i = 0; i < text.length / 2; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** Stores a page's content word by word. */
export function fillWords(words: SharedWords, bytes: MemoryPage): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let i = 0; i < WORDS; i++) words.store(i, view.getInt32(4 * i, true));
}
