import { EVTCHN_FIFO_NR_CHANNELS } from '../abi/structures/event-channel.js';
import type { PortAbi } from './port-abi.js';

/** What the host's own side does when an event comes. */
export type PortListener = (port: number) => void;

/**
 * The ports of a domain without a guest: an event calls who listens. One that comes before anybody listens is kept.
 */
export class HostPorts implements PortAbi {
  readonly channels: number = EVTCHN_FIFO_NR_CHANNELS;
  readonly #listeners = new Map<number, PortListener>();
  readonly #pending = new Set<number>();

  bound(): void {}

  setPending(_vcpu: number, port: number): void {
    const listener = this.#listeners.get(port);
    if (listener === undefined) this.#pending.add(port);
    else listener(port);
  }

  clearPending(port: number): void {
    this.#pending.delete(port);
    this.#listeners.delete(port);
  }

  unmask(): void {}

  isPending(port: number): boolean {
    return this.#pending.has(port);
  }

  isMasked(): boolean {
    return false;
  }

  isBusy(): boolean {
    return false;
  }

  /** Sets who is called; an event that waits is delivered at once. */
  listen(port: number, listener: PortListener): void {
    this.#listeners.set(port, listener);
    if (this.#pending.delete(port)) listener(port);
  }

  /** Forgets everybody. */
  reset(): void {
    this.#listeners.clear();
    this.#pending.clear();
  }

  /** Ports that have an event nobody has heard of. */
  get pending(): readonly number[] {
    return [...this.#pending];
  }

  /** Takes the waiting events back; those who listen have to come again. */
  restore(pending: readonly number[]): void {
    this.reset();
    for (const port of pending) this.#pending.add(port);
  }
}
