import type { Console } from '@trapline/qemu';
import type { BlockMedium, ConsoleRing, XenHost, XenStore } from '@trapline/xen';
import { map, type Observable, Subject } from 'rxjs';
import type { XenSite } from '../run/xen-backend.js';
import type { HostAction } from './trace.js';

const PAGE_BYTES = 4096;
/** The part of a hypervisor's pages in which a guest may put its grant table: its rings lie behind. */
const GRANT_BYTES = 0x10_0000;

/** The machine that a domain is alone in. */
export interface DomainMachine {
  /** Where a hypervisor's own pages begin. */
  readonly pages: number;
  /** Does work of the host's when the machine's memory may be changed; `what` names it for traces. */
  act(what: HostAction, work: () => void): void;
}

/** The host's side of a domain of Xen's in a machine of QEMU's: where its pages are, its console, its store. */
export class XenSide implements XenSite {
  readonly guest: string;
  readonly grants: XenSite['grants'];
  readonly rings: XenSite['rings'];
  readonly media: XenSite['media'];
  readonly #machine: DomainMachine;
  readonly #output = new Subject<Uint8Array>();
  #host: XenHost | undefined = undefined;
  #ring: ConsoleRing | undefined = undefined;
  #store: XenStore | undefined = undefined;

  constructor(machine: DomainMachine, guest: string, media: readonly BlockMedium[]) {
    const { pages } = machine;
    const ring = (pages + GRANT_BYTES) / PAGE_BYTES;
    this.guest = guest;
    this.grants = { base: BigInt(pages), size: BigInt(GRANT_BYTES) };
    this.rings = { console: ring, store: ring + 1 };
    this.media = media;
    this.#machine = machine;
  }

  hasHost(host: XenHost): void {
    this.#host = host;
  }

  hasStore(store: XenStore): void {
    this.#store = store;
  }

  hasConsole(ring: ConsoleRing): void {
    this.#ring = ring;
    ring.output$.subscribe((bytes) => this.#output.next(bytes));
  }

  /** The domain's paravirtual console; undefined where the stack gives it none. */
  get console(): Console | undefined {
    return this.#ring && { output$: this.#output as Observable<Uint8Array>, type: (bytes) => this.#type(bytes) };
  }

  /** Whether the domain has a store. */
  get isStored(): boolean {
    return this.#store !== undefined;
  }

  /** What the domain writes, to its own console and to Xen's. */
  get outputs(): readonly Observable<Uint8Array>[] {
    const messages$ = this.#host?.console$.pipe(map(({ text }) => Buffer.from(text)));
    return [this.#output, ...(messages$ === undefined ? [] : [messages$])];
  }

  /**
   * Asks the domain to power off, as `xl shutdown` does: false where it has not said that it hears
   * (`control/feature-poweroff`), or there is no store.
   */
  powerOff(): boolean {
    const store = this.#store;
    const domid = this.#host?.domain(this.guest)?.id;
    const control = `/local/domain/${domid}/control`;
    if (store?.text(`${control}/feature-poweroff`) !== '1') return false;
    this.#machine.act({ action: XEN_POWER_OFF }, () => store.write(`${control}/shutdown`, 'poweroff'));
    return true;
  }

  #type(bytes: Uint8Array | string): boolean {
    const hex = Buffer.from(bytes).toString('hex');
    this.#machine.act({ action: XEN_TYPE, hex }, () => void this.#ring?.write(bytes));
    return true;
  }
}

/** What the host does of itself, by the names that traces have: somebody types (`hex`), the domain is asked to power off. */
export const XEN_TYPE = 'xen-type';
export const XEN_POWER_OFF = 'xen-power-off';
