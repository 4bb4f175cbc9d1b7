import type { Subscription } from 'rxjs';
import type { XenStore } from '../store/xenstore.js';
import { XENBUS_STATE, type XenbusState, xenbusState } from './state.js';

/** Reads a node of the front end's; undefined where it is not there. */
export type FrontEndNodes = (node: string) => string | undefined;

/** What a kind of device does when its front end comes and goes. */
export interface BackEndDevice {
  /** What it can do for any front end: written before one connects. */
  readonly features: Readonly<Record<string, string>>;
  /** Whether it has a front end. */
  readonly connected: boolean;
  /** Takes hold of what the front end told. Gives what is to be written for it to go on, or the reason why not. */
  connect(nodes: FrontEndNodes): Readonly<Record<string, string>> | { readonly refused: string };
  /** The front end may begin: what it put into its rings already is served. */
  begin(): void;
  /** Lets go of the front end. */
  disconnect(): void;
}

/**
 * Any split device's back end, as far as xenbus goes: follows the state of its front end, by the nodes that a toolstack
 * made of both (`provisionDevice`). What a front end says wrong closes the device, with a reason in the `error` directory.
 */
export class BackEnd {
  readonly path: string;
  readonly #store: XenStore;
  readonly #device: BackEndDevice;
  readonly #frontend: string;
  #watch: Subscription | undefined;

  /** `path` is the back end's own directory. */
  constructor(store: XenStore, path: string, device: BackEndDevice) {
    this.path = path;
    this.#store = store;
    this.#device = device;
    this.#frontend = store.text(`${path}/frontend`) ?? '';
  }

  /** Its own state. */
  get state(): XenbusState {
    return xenbusState(this.#store.text(`${this.path}/state`));
  }

  /** Says what it can, and waits for the front end. */
  start(): void {
    this.#write(this.#device.features, XENBUS_STATE.InitWait);
    this.#watch = this.#store.watch(`${this.#frontend}/state`).subscribe(() => this.#follow());
  }

  /** Lets go of the front end and of the store. */
  stop(): void {
    this.#watch?.unsubscribe();
    this.#watch = undefined;
    this.#device.disconnect();
  }

  #follow(): void {
    switch (xenbusState(this.#store.text(`${this.#frontend}/state`))) {
      case XENBUS_STATE.Initialising:
        if (this.state === XENBUS_STATE.Closed) this.#enter(XENBUS_STATE.InitWait);
        return;
      case XENBUS_STATE.Initialised:
      case XENBUS_STATE.Connected:
        if (!this.#device.connected) this.#connect();
        return;
      case XENBUS_STATE.Closing:
        this.#enter(XENBUS_STATE.Closing);
        return;
      case XENBUS_STATE.Closed:
        this.#device.disconnect();
        this.#enter(XENBUS_STATE.Closed);
        return;
      case XENBUS_STATE.Unknown:
        this.#device.disconnect();
        return;
      default:
        return;
    }
  }

  #connect(): void {
    const told = this.#device.connect((node) => this.#store.text(`${this.#frontend}/${node}`));
    if ('refused' in told) {
      this.#store.write(`${this.path.replace('/backend/', '/error/backend/')}/error`, String(told.refused));
      this.#enter(XENBUS_STATE.Closing);
      return;
    }
    this.#write(told, XENBUS_STATE.Connected);
    this.#device.begin();
  }

  #write(nodes: Readonly<Record<string, string>>, state: XenbusState): void {
    this.#store.transaction((view) => {
      for (const [name, value] of Object.entries(nodes)) view.write(`${this.path}/${name}`, value);
      view.write(`${this.path}/state`, String(state));
    });
  }

  #enter(state: XenbusState): void {
    if (this.state !== state) this.#store.write(`${this.path}/state`, String(state));
  }
}
