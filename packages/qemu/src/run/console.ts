import type { Duplex } from 'node:stream';
import { type Observable, Subject } from 'rxjs';

/** Most bytes that wait for a guest that does not read. */
export const MAX_TYPED_BYTES: number = 64 * 1024;

/** A console of a guest's: what it writes, and what is typed to it. */
export interface Console {
  /** Bytes that the guest wrote, as they come. */
  readonly output$: Observable<Uint8Array>;
  /** Types to the guest; false where {@link MAX_TYPED_BYTES} wait already. */
  type(bytes: Uint8Array | string): boolean;
}

/** A serial port of the machine's at the other end of a socket. */
export class SocketConsole implements Console {
  readonly output$: Observable<Uint8Array>;
  readonly #output = new Subject<Uint8Array>();
  #socket: Duplex | undefined = undefined;

  constructor() {
    this.output$ = this.#output.asObservable();
  }

  /** The socket whose other end the machine has. */
  connect(socket: Duplex): void {
    this.#socket = socket;
    socket.on('data', (bytes) => this.#output.next(bytes));
    // What can go wrong is that the other end has gone: whoever runs it says so.
    socket.on('error', () => {});
  }

  type(bytes: Uint8Array | string): boolean {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed || socket.writableLength > MAX_TYPED_BYTES) return false;
    socket.write(bytes);
    return true;
  }

  close(): void {
    this.#socket?.destroy();
    this.#output.complete();
  }
}
