/** The UUID of OP-TEE's interface (drivers/tee/optee/optee_msg.h), and that of OP-TEE itself. */
export const INTERFACE_UUID = '384fb3e0-e7f8-11e3-af63-0002a5d5c51b';
export const OS_UUID = '486178e0-e7f8-11e3-bc5e-0002a5d5c51b';

/**
 * A UUID in four registers as OP-TEE gives it: the first eight digits are the first register as a number. The SMC Calling
 * Convention has the bytes the other way round.
 */
export function uuidWords(uuid: string): readonly [number, number, number, number] {
  const digits = uuid.replaceAll('-', '');
  const word = (i: number): number => Number.parseInt(digits.slice(8 * i, 8 * i + 8), 16);
  return [word(0), word(1), word(2), word(3)];
}

/** The way back. */
export function uuidOf(words: readonly number[]): string {
  const digits = words.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  return [
    [0, 8],
    [8, 12],
    [12, 16],
    [16, 20],
    [20, 32],
  ]
    .map(([from, to]) => digits.slice(from, to))
    .join('-');
}
