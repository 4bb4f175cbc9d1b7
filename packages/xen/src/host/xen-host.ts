import type { Observable } from 'rxjs';
import type { Domain } from '../domain/domain.js';
import type { Xen } from '../domain/xen.js';
import { HostedDomain } from './hosted-domain.js';
import type { ConsoleOutput } from './xen-console.js';

/**
 * The host's side of a hypervisor: what a toolstack does, typed. Domains are the machine's guests; they are there once the
 * machine is built.
 */
export class XenHost {
  /** What domains write to Xen's own console. */
  readonly console$: Observable<ConsoleOutput>;
  readonly #xen: Xen;
  readonly #self: Domain | undefined;

  constructor(xen: Xen, self: Domain | undefined) {
    this.#xen = xen;
    this.#self = self;
    this.console$ = xen.console.output$;
  }

  /** All domains that have a guest, by number. */
  get domains(): readonly HostedDomain[] {
    return this.#xen
      .inOrder()
      .filter((domain) => domain !== this.#self)
      .map((domain) => new HostedDomain(domain, this.#self));
  }

  /** A domain by its number, or by its guest's name; undefined where there is none any more. */
  domain(which: number | string): HostedDomain | undefined {
    return this.domains.find(({ id, name }) => id === which || name === which);
  }

  /** Types at Xen's own console; the control domain, or whoever has the console, reads it. */
  type(text: string): void {
    this.#xen.console.type(new TextEncoder().encode(text));
  }
}
