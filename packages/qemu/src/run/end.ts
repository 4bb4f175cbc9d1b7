/** Why a machine ended. */
export type EndReason =
  /** The guest asked for it: SYSTEM_OFF, SYSTEM_RESET and their relatives, or what else a service raised. */
  | 'shutdown'
  | 'reset'
  | 'suspend'
  | 'crash'
  /** Its kernel panicked. */
  | 'panic'
  /** The embedder stopped it. */
  | 'stopped'
  /** QEMU ended by itself. */
  | 'died'
  /** Monitor, transport or a service broke. */
  | 'fault';

/** How a machine ended. */
export interface MachineEnd {
  readonly reason: EndReason;
  /** The same in a sentence. */
  readonly words: string;
}

/** Line by which Linux says that it panicked. */
const PANIC = /Kernel panic - not syncing: [^\r\n]*(?=\r?\n)/;

/** How long a kernel that panicked may take to reset the machine, in milliseconds. */
export const PANIC_TIMEOUT_MS = 3000;

/** Most of a console's text that is kept for the line's end to come, in characters. */
const MAX_TAIL = 1024;

/** Watches a console for the line of a panic. */
export class PanicWatch {
  readonly #decoder = new TextDecoder();
  #tail = '';

  /** The line, once it is there. */
  seen(bytes: Uint8Array): string | undefined {
    const text = this.#tail + this.#decoder.decode(bytes, { stream: true });
    this.#tail = text.slice(-MAX_TAIL);
    return PANIC.exec(text)?.[0];
  }
}
