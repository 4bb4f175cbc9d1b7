import { xenAbi } from '../abi/hypercalls.js';
import type { Gate } from './gate.js';
import { MAX_OPERAND } from './operand-area.js';
import { errorOf, type XenError } from './operations.js';

const CONSOLE_IO = xenAbi.calls.consoleIo.id;
/** CONSOLEIO_* (public/xen.h). */
const WRITE = 0;
const READ = 1;

/** Xen's own console, by console_io: what a guest has before anything is set up. */
export class HypervisorConsole {
  readonly #gate: Gate;

  constructor(gate: Gate) {
    this.#gate = gate;
  }

  /** Writes text or bytes. Gives the error where the domain may not use the console. */
  write(text: string | Uint8Array): true | XenError {
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
    for (let at = 0; at < bytes.length; at += MAX_OPERAND) {
      const part = bytes.subarray(at, at + MAX_OPERAND);
      this.#gate.operands.putList(part);
      const result = this.#gate.buffer(CONSOLE_IO, WRITE, part.length);
      if (result < 0) return errorOf(result);
    }
    return true;
  }

  /** What was typed, up to `length` bytes. */
  read(length: number = MAX_OPERAND): Uint8Array | XenError {
    const result = this.#gate.buffer(CONSOLE_IO, READ, Math.min(length, MAX_OPERAND));
    if (result < 0) return errorOf(result);
    const bytes = new Uint8Array(result);
    this.#gate.operands.takeList(bytes);
    return bytes;
  }
}
