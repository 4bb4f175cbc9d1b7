/** A UUID as people write it. */
export const UUID_PATTERN: RegExp = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

/** The sixteen bytes of a UUID as four little-endian words, as GETUUID gives them (QEMU, hw/i386/vmport.c). */
export function uuidWords(uuid: string): readonly [number, number, number, number] {
  const digits = uuid.replaceAll('-', '');
  const view = new DataView(new ArrayBuffer(16));
  for (let i = 0; i < 16; i++) view.setUint8(i, Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
  return [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(8, true), view.getUint32(12, true)];
}

/** The way back. */
export function uuidOf(words: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(16));
  words.slice(0, 4).forEach((word, i) => {
    view.setUint32(4 * i, word, true);
  });
  const digits = Array.from({ length: 16 }, (_, i) => view.getUint8(i).toString(16).padStart(2, '0')).join('');
  return [8, 12, 16, 20, 32].map((end, i) => digits.slice([0, 8, 12, 16, 20][i], end)).join('-');
}
