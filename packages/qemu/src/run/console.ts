import { createServer, type Server, type Socket } from 'node:net';
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

/** A serial port of the machine's behind a Unix socket. */
export class SocketConsole implements Console {
  readonly output$: Observable<Uint8Array>;
  readonly #output = new Subject<Uint8Array>();
  readonly #server: Server;
  readonly #path: string;
  #socket: Socket | undefined = undefined;

  constructor(path: string) {
    this.#path = path;
    this.output$ = this.#output.asObservable();
    this.#server = createServer((socket) => {
      this.#socket = socket;
      socket.on('data', (bytes) => this.#output.next(bytes));
      socket.on('error', () => {});
    });
    this.#server.maxConnections = 1;
  }

  /** Waits for the machine to connect. */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#path, resolve);
    });
  }

  type(bytes: Uint8Array | string): boolean {
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed || socket.writableLength > MAX_TYPED_BYTES) return false;
    socket.write(bytes);
    return true;
  }

  close(): void {
    this.#socket?.destroy();
    this.#server.close();
    this.#output.complete();
  }
}
