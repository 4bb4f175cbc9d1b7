import type { DeviceTreeError, DeviceTreeReason } from '../error.js';
import { MAX_INCLUDE_DEPTH, MAX_SOURCE_SIZE } from '../limits.js';
import { decodeEscapes } from './literals.js';
import { SourceFile, type SourcePoint, sourceError } from './source.js';

/** What a source takes from outside; both are asked with the name as written and the file that asks. */
export interface DtsResolver {
  /** The text for `/include/`; `undefined` where there is no such file. */
  text?(name: string, from: string): string | undefined;
  /** The bytes for `/incbin/`; `undefined` where there is no such file. */
  bytes?(name: string, from: string): Uint8Array | undefined;
}

const SPACE = /[ \t\r\n\v\f]+/y;
const INCLUDE = /\/include\/[ \t\r\n\v\f]*"/y;
const LINE_MARKER =
  /#(?:line[ \t]+(\d+)(?:[ \t]+"((?:[^"\\\n]|\\.)*)")?|[ \t]+(\d+)[ \t]+"((?:[^"\\\n]|\\.)*)")[^\n]*\n?/y;
const DIRECTIVE =
  /#[ \t]*(?:include|define|undef|ifdef|ifndef|if|elif|else|endif|pragma|error|warning)(?![\w,.+*#?@-])(?!\s*[=;])/y;

/**
 * Walks through a source and what it includes, one token at a time; which tokens can follow is the parser's to know.
 *
 * Space, comments, linemarkers and `/include/` are skipped between tokens; a file that is at its end gives way to the
 * one that included it.
 */
export class Scanner {
  #file: SourceFile;
  #at = 0;
  readonly #including: SourcePoint[] = [];
  readonly #resolver: DtsResolver;
  #size: number;

  constructor(text: string, name: string, resolver: DtsResolver) {
    this.#file = new SourceFile(name, text);
    this.#resolver = resolver;
    this.#size = text.length;
    if (this.#size > MAX_SOURCE_SIZE)
      throw this.error('limit', `the source is larger than ${MAX_SOURCE_SIZE} characters`);
    this.#skip();
  }

  /** Where the next token begins. */
  get point(): SourcePoint {
    return { file: this.#file, at: this.#at };
  }

  get resolver(): DtsResolver {
    return this.#resolver;
  }

  /** Whether nothing is left. */
  get done(): boolean {
    return this.#at >= this.#file.text.length;
  }

  /** What the next token matches, without taking it. The pattern must be sticky. */
  peek(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    return pattern.exec(this.#file.text) ?? undefined;
  }

  /** Takes the next token where it matches the pattern, which must be sticky. */
  take(pattern: RegExp): RegExpExecArray | undefined {
    const match = this.peek(pattern);
    if (match !== undefined) this.advance(match[0].length);
    return match;
  }

  /** Takes the next token where it is exactly this text. */
  takeText(text: string): boolean {
    if (!this.#file.text.startsWith(text, this.#at)) return false;
    this.advance(text.length);
    return true;
  }

  /** Takes that many characters and what may be skipped after them. */
  advance(length: number): void {
    this.#at += length;
    this.#skip();
  }

  /** Takes a string or character literal; gives what is between the quotes, escapes and all. */
  takeQuoted(quote: string): string | undefined {
    const text = this.#file.text;
    if (text[this.#at] !== quote) return undefined;
    const end = this.#closing(quote, this.#at + 1);
    const inside = text.slice(this.#at + 1, end);
    this.advance(end + 1 - this.#at);
    return inside;
  }

  /** Requires the next token to be this text, `after` saying what it follows. */
  expect(text: string, after: string): void {
    if (!this.takeText(text)) throw this.unexpected(`'${text}' ${after}`);
  }

  /** A syntax error at the next token, saying what could have stood there. */
  unexpected(wanted: string): DeviceTreeError {
    const found = this.peek(/[\w,.+*#?@/\\-]{1,40}|[\s\S]/y)?.[0];
    return this.error(
      'syntax',
      `expected ${wanted}, found ${found === undefined ? 'the end of the source' : `'${found}'`}`,
    );
  }

  error(reason: DeviceTreeReason, what: string, at: SourcePoint = this.point): DeviceTreeError {
    return sourceError(reason, what, at);
  }

  #skip(): void {
    for (;;) {
      const text = this.#file.text;
      this.#skipMatch(SPACE);
      const code = text.charCodeAt(this.#at);
      if (code === 0x2f) {
        if (!this.#skipComment() && !this.#include()) return;
      } else if (code === 0x23) {
        if (!this.#lineMarker()) return;
      } else if (this.#at >= text.length && this.#including.length > 0) {
        const { file, at } = this.#including.pop() as SourcePoint;
        this.#file = file;
        this.#at = at;
      } else return;
    }
  }

  #skipComment(): boolean {
    const text = this.#file.text;
    const kind = text[this.#at + 1];
    if (kind !== '/' && kind !== '*') return false;
    const end = kind === '/' ? text.indexOf('\n', this.#at) : text.indexOf('*/', this.#at + 2);
    if (end < 0 && kind === '*') throw this.error('syntax', "the comment has no end; add '*/'");
    this.#at = end < 0 ? text.length : end + (kind === '*' ? 2 : 1);
    return true;
  }

  #lineMarker(): boolean {
    const text = this.#file.text;
    const lineStart = text.lastIndexOf('\n', this.#at - 1) + 1;
    if (this.#at !== lineStart && text.slice(lineStart, this.#at).trim() !== '') return false;
    const marker = this.peek(LINE_MARKER);
    if (marker !== undefined) {
      this.#at += marker[0].length;
      const name = marker[2] ?? marker[4];
      const file = name === undefined ? undefined : new TextDecoder().decode(decodeEscapes(name, this.point));
      this.#file.mark(this.#at, Number(marker[1] ?? marker[3]), file);
      return true;
    }
    const directive = this.peek(DIRECTIVE);
    if (directive === undefined) return false;
    throw this.error(
      'needs-cpp',
      `'${directive[0]}' is the C preprocessor's; run cpp over the source first (cpp -nostdinc -undef -x assembler-with-cpp)`,
    );
  }

  #include(): boolean {
    const match = this.peek(INCLUDE);
    if (match === undefined) return false;
    const nameStart = this.#at + match[0].length;
    const nameEnd = this.#closing('"', nameStart);
    const name = this.#file.text.slice(nameStart, nameEnd);
    if (this.#including.length >= MAX_INCLUDE_DEPTH)
      throw this.error('limit', `/include/ nests deeper than ${MAX_INCLUDE_DEPTH}; look for a circle`);
    const text = this.#resolver.text?.(name, this.#file.name);
    if (text === undefined) throw this.error('resolver', `/include/ "${name}": the resolver has no such text`);
    this.#size += text.length;
    if (this.#size > MAX_SOURCE_SIZE)
      throw this.error('limit', `the sources are larger than ${MAX_SOURCE_SIZE} characters together`);
    this.#including.push({ file: this.#file, at: nameEnd + 1 });
    this.#file = new SourceFile(name, text);
    this.#at = 0;
    return true;
  }

  /** Where the literal ends whose contents begin at `from`; a backslash takes the character after it along. */
  #closing(quote: string, from: number): number {
    const text = this.#file.text;
    for (let at = from; at < text.length; at++) {
      if (text[at] === quote) return at;
      if (text[at] === '\\') at++;
    }
    throw this.error('syntax', `the literal has no end; add ${quote}`);
  }

  #skipMatch(pattern: RegExp): void {
    pattern.lastIndex = this.#at;
    if (pattern.test(this.#file.text)) this.#at = pattern.lastIndex;
  }
}
