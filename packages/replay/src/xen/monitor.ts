import type { Guest } from '@trapline/trap-bus';
import { physicalOf } from './stores.js';

/** The machine's own memory that a domain which makes no recorded call is given. */
export const IDLE_DOMAIN_RAM = { base: 0x7800_0000, size: 0x400_0000 } as const;

const HYPERCALL_IMMEDIATE = 0xea1;
const DOMCTL = 36n;
/** public/domctl.h, 4.17: the structure, its version, and where `flags` of getdomaininfo stands. */
const DOMCTL_BYTES = 128;
const DOMCTL_VERSION = 0x15;
const GETDOMAININFO = 5;
const FLAGS_OFFSET = 20;
const FLAG_SHUTDOWN = 1 << 2;
const FLAG_BLOCKED = 1 << 4;
const SHUTDOWN_SHIFT = 16;

/** What XEN_DOMCTL_getdomaininfo tells of a domain. */
export interface DomainState {
  readonly flags: number;
  readonly shutdown: boolean;
  readonly shutdownCode: number | null;
  readonly blocked: boolean;
}

/** The control domain's program that looks at others, as the recorder's monitor did. */
export class Monitor {
  readonly #guest: Guest;

  constructor(guest: Guest) {
    this.#guest = guest;
  }

  /** Asks for a domain's state; undefined where the hypervisor refuses. */
  look(domid: number): DomainState | undefined {
    const { memory } = this.#guest.ports;
    const operand = new DataView(new ArrayBuffer(DOMCTL_BYTES));
    operand.setUint32(0, GETDOMAININFO, true);
    operand.setUint32(4, DOMCTL_VERSION, true);
    operand.setUint16(8, domid, true);
    const bytes = new Uint8Array(operand.buffer);
    const address = BigInt(IDLE_DOMAIN_RAM.base);
    if (!memory.write(physicalOf(address), bytes)) return undefined;
    const caller = this.#guest.caller(0);
    caller.x[0] = address;
    caller.x[16] = DOMCTL;
    const outcome = caller.execute('hvc', HYPERCALL_IMMEDIATE);
    if (outcome.kind !== 'returned' || caller.x[0] !== 0n || !memory.read(physicalOf(address), bytes)) return undefined;
    return stateOf(operand.getUint32(FLAGS_OFFSET, true));
  }
}

function stateOf(flags: number): DomainState {
  const shutdown = (flags & FLAG_SHUTDOWN) !== 0;
  return {
    flags,
    shutdown,
    shutdownCode: shutdown ? (flags >>> SHUTDOWN_SHIFT) & 0xff : null,
    blocked: (flags & FLAG_BLOCKED) !== 0,
  };
}
