/**
 * Makes a string of bytes that all are ASCII. The names and strings of a tree are short, and eight characters a call
 * are twice as fast for them as one, and faster than a `TextDecoder`.
 */
export function ascii(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  let i = start;
  for (; i + 8 <= end; i += 8) {
    text += String.fromCharCode(
      bytes[i] as number,
      bytes[i + 1] as number,
      bytes[i + 2] as number,
      bytes[i + 3] as number,
      bytes[i + 4] as number,
      bytes[i + 5] as number,
      bytes[i + 6] as number,
      bytes[i + 7] as number,
    );
  }
  if (i + 4 <= end) {
    text += String.fromCharCode(
      bytes[i] as number,
      bytes[i + 1] as number,
      bytes[i + 2] as number,
      bytes[i + 3] as number,
    );
    i += 4;
  }
  switch (end - i) {
    case 3:
      return text + String.fromCharCode(bytes[i] as number, bytes[i + 1] as number, bytes[i + 2] as number);
    case 2:
      return text + String.fromCharCode(bytes[i] as number, bytes[i + 1] as number);
    case 1:
      return text + String.fromCharCode(bytes[i] as number);
    default:
      return text;
  }
}
