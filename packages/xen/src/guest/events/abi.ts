/** A handler of events: called with the port. */
export type EventHandler = (port: number) => void;

/**
 * How events wait in shared memory: the 2-level or the FIFO ABI, from the side of the guest. Nothing here allocates but
 * the first use of a page.
 */
export interface EventAbi {
  readonly name: '2-level' | 'fifo';
  /** Ports from 0 to here. */
  readonly ports: number;
  /** Has a place for a port's bits; its event is masked until {@link clearMask}. */
  prepare(port: number): void;
  isPending(port: number): boolean;
  isMasked(port: number): boolean;
  clearPending(port: number): void;
  setMask(port: number): void;
  clearMask(port: number): void;
  /** Handles everything that waits for a vCPU, and gives how many events that was. */
  consume(vcpu: number, handle: EventHandler): number;
}
