/** A machine that cannot be started, or that broke; the message says what to do where something can be done. */
export class QemuError extends Error {
  override readonly name = 'QemuError';
}
