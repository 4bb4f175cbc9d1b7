/**
 * How a domain is told of its events: 2-level words, FIFO queues, or callbacks of the host's. A port's ABI is that of the
 * domain that owns it, whoever sends.
 *
 * The caller has made sure that the port is valid; `vcpu` is the number of the vCPU to notify.
 */
export interface PortAbi {
  /** Ports that can exist. */
  readonly channels: number;
  /** A port has been bound. */
  bound(port: number): void;
  /** Makes a port pending and tells the vCPU, as far as the guest has not masked it or been told already. */
  setPending(vcpu: number, port: number): void;
  clearPending(port: number): void;
  /** Takes the mask away, and tells the vCPU of an event that came meanwhile. */
  unmask(vcpu: number, port: number): void;
  isPending(port: number): boolean;
  isMasked(port: number): boolean;
  /** Whether a free port cannot be given out yet: the guest still has it in a queue. */
  isBusy(port: number): boolean;
  /** Sets the priority of the next events; undefined for an ABI without. Gives 0 or a negated errno. */
  readonly setPriority?: (port: number, priority: number) => number;
}
