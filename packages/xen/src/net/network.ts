import { ETHERNET_HEADER_BYTES, type Packet } from './netif.js';

/** Addresses that a network remembers; the one that was longest not heard of makes room. */
export const NETWORK_ADDRESSES_MAX = 1024;

/** One end of a network. */
export interface NetworkPort {
  /** Gives a packet to the network. */
  send(packet: Packet): void;
  /** Takes the end away. */
  leave(): void;
}

/**
 * A network between domains, and with the host: an Ethernet switch, which learns where addresses are from what they send.
 * A packet to one that it knows goes there, every other one to all ends but its own.
 */
export class Network {
  readonly #ends = new Set<End>();
  readonly #addresses = new Map<string, End>();

  /** A new end, which takes packets by `receive`. */
  join(receive: (packet: Packet) => void): NetworkPort {
    const end: End = { receive };
    this.#ends.add(end);
    return {
      send: (packet) => this.#send(end, packet),
      leave: () => {
        this.#ends.delete(end);
        for (const [address, where] of this.#addresses) if (where === end) this.#addresses.delete(address);
      },
    };
  }

  #send(from: End, packet: Packet): void {
    const { bytes } = packet;
    if (bytes.length < ETHERNET_HEADER_BYTES || !this.#ends.has(from)) return;
    this.#learn(addressAt(bytes, 6), from);
    const to = isGroup(bytes) ? undefined : this.#addresses.get(addressAt(bytes, 0));
    if (to === from) return;
    if (to !== undefined) to.receive(packet);
    else for (const end of [...this.#ends]) if (end !== from) end.receive(packet);
  }

  #learn(address: string, end: End): void {
    this.#addresses.delete(address);
    this.#addresses.set(address, end);
    if (this.#addresses.size <= NETWORK_ADDRESSES_MAX) return;
    const [oldest] = this.#addresses.keys();
    this.#addresses.delete(oldest as string);
  }
}

interface End {
  receive(packet: Packet): void;
}

/** Whether a packet goes to a group: the lowest bit of the address' first byte. */
function isGroup(bytes: Uint8Array): boolean {
  return ((bytes[0] as number) & 1) === 1;
}

function addressAt(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 6));
}
