/** Bytes as characters, one each: what xenstore's strings are before anybody gives them an encoding. */
export function bytesToText(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += PIECE) text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  return text;
}

/** The bytes of characters below 256. */
export function textToBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The strings of a payload, each ended by a NUL; what follows the last NUL is none. */
export function terminatedStrings(payload: Uint8Array): string[] {
  const strings = bytesToText(payload).split('\0');
  strings.pop();
  return strings;
}

/** A payload of strings, each ended by a NUL. */
export function stringsPayload(...strings: string[]): Uint8Array {
  return textToBytes(strings.map((text) => `${text}\0`).join(''));
}

/** The number at the start of a text, as C's atoi takes it: 0 where there is none. */
export function leadingNumber(text: string): number {
  return Number.parseInt(/^\s*[+-]?\d{1,10}/.exec(text)?.[0] ?? '0', 10) | 0;
}

/** How many characters one step of a conversion handles. */
const PIECE = 2048;
