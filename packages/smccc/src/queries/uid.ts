import { CompositionError } from '@trapline/core';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The four registers of a UUID: bytes 0 to 3 in the first, each register little-endian (DEN0028 1.5 F, 5.3; DEN0098
 * 1.0, 2.4 for TRNG).
 *
 * Throws {@link CompositionError} for another notation, and for the UUID whose first register would read as
 * NOT_SUPPORTED.
 */
export function uuidRegisters(uuid: string): Int32Array {
  if (!UUID.test(uuid)) {
    throw new CompositionError(`${JSON.stringify(uuid)} is no UUID`, 'write 8-4-4-4-12 hexadecimal digits');
  }
  const digits = uuid.replaceAll('-', '');
  const registers = new Int32Array(4);
  const bytes = new Uint8Array(registers.buffer);
  for (let i = 0; i < 16; i++) bytes[i] = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16);
  if (registers[0] === -1) {
    throw new CompositionError(`${uuid} begins like the answer NOT_SUPPORTED`, 'choose another UUID');
  }
  return registers;
}

/** The UUID in four registers. */
export function uuidFrom(registers: readonly number[]): string {
  const bytes = new Uint8Array(new Uint32Array(registers).buffer);
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    '-',
  );
}
