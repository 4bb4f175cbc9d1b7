import { ERRNO } from '../../src/abi/errno.js';

const { ENOENT, ESRCH, EEXIST, EINVAL, ENOSPC } = ERRNO;

/** What a port is, said as a person would. */
export type ModelPort =
  | { readonly is: 'unbound'; readonly by: number; vcpu: number }
  | { readonly is: 'interdomain'; readonly with: number; readonly port: number; vcpu: number }
  | { readonly is: 'virq'; readonly virq: number; vcpu: number }
  | { readonly is: 'ipi'; vcpu: number };

const GLOBAL = (virq: number): boolean => ![0, 1, 7, 13].includes(virq);
const VCPUS = 2;

/** Event channels of several domains under the dummy policy, kept as maps: written from the documentation, not for speed. */
export class Model {
  readonly ports = new Map<number, Map<number, ModelPort>>();
  readonly pending = new Map<number, Set<number>>();
  readonly valid = new Map<number, number>();
  readonly #last: number;

  constructor(domains: readonly number[], last: number) {
    this.#last = last;
    for (const id of domains) {
      this.ports.set(id, new Map());
      this.pending.set(id, new Set());
      this.valid.set(id, 64);
    }
  }

  allocUnbound(caller: number, remote: number): number {
    const port = this.#free(caller);
    if (port > 0) this.#of(caller).set(port, { is: 'unbound', by: remote, vcpu: 0 });
    return port;
  }

  bindInterdomain(caller: number, remote: number, remotePort: number): number {
    const theirs = this.ports.get(remote);
    if (theirs === undefined) return -ESRCH;
    const port = this.#free(caller);
    if (port < 0) return port;
    const end = theirs.get(remotePort);
    if (end?.is !== 'unbound' || end.by !== caller) return -EINVAL;
    this.#of(caller).set(port, { is: 'interdomain', with: remote, port: remotePort, vcpu: 0 });
    theirs.set(remotePort, { is: 'interdomain', with: caller, port, vcpu: end.vcpu });
    this.pending.get(caller)?.add(port);
    return port;
  }

  bindVirq(caller: number, virq: number, vcpu: number): number {
    if (virq >= 24 || (GLOBAL(virq) && vcpu !== 0)) return -EINVAL;
    if (vcpu >= VCPUS) return -ENOENT;
    for (const port of this.#of(caller).values()) {
      if (port.is === 'virq' && port.virq === virq && (GLOBAL(virq) || port.vcpu === vcpu)) return -EEXIST;
    }
    const port = this.#free(caller);
    if (port > 0) this.#of(caller).set(port, { is: 'virq', virq, vcpu });
    return port;
  }

  bindIpi(caller: number, vcpu: number): number {
    if (vcpu >= VCPUS) return -ENOENT;
    const port = this.#free(caller);
    if (port > 0) this.#of(caller).set(port, { is: 'ipi', vcpu });
    return port;
  }

  bindVcpu(caller: number, port: number, vcpu: number): number {
    if (vcpu >= VCPUS) return -ENOENT;
    const own = this.#of(caller).get(port);
    const moves = own?.is === 'unbound' || own?.is === 'interdomain' || (own?.is === 'virq' && GLOBAL(own.virq));
    if (own === undefined || !moves) return -EINVAL;
    own.vcpu = vcpu;
    return 0;
  }

  send(caller: number, port: number): number {
    const own = this.#of(caller).get(port);
    if (own?.is === 'interdomain') this.pending.get(own.with)?.add(own.port);
    else if (own?.is === 'ipi') this.pending.get(caller)?.add(port);
    else if (own?.is !== 'unbound') return -EINVAL;
    return 0;
  }

  raiseVirq(target: number, virq: number, vcpu: number): void {
    for (const [port, own] of this.#of(target)) {
      if (own.is === 'virq' && own.virq === virq && (GLOBAL(virq) || own.vcpu === vcpu))
        this.pending.get(target)?.add(port);
    }
  }

  close(caller: number, port: number): number {
    const own = this.#of(caller).get(port);
    if (own === undefined) return -EINVAL;
    this.#of(caller).delete(port);
    this.pending.get(caller)?.delete(port);
    if (own.is === 'interdomain') {
      const vcpu = this.ports.get(own.with)?.get(own.port)?.vcpu ?? 0;
      this.ports.get(own.with)?.set(own.port, { is: 'unbound', by: caller, vcpu });
    }
    return 0;
  }

  reset(caller: number): void {
    for (const port of [...this.#of(caller).keys()]) this.close(caller, port);
  }

  #of(domain: number): Map<number, ModelPort> {
    return this.ports.get(domain) as Map<number, ModelPort>;
  }

  /** The lowest free port; what is asked for beyond the valid range makes a bucket more valid. */
  #free(domain: number): number {
    const ports = this.#of(domain);
    for (let port = 1; port <= this.#last; port++) {
      if (ports.has(port)) continue;
      if (port >= (this.valid.get(domain) as number)) this.valid.set(domain, port + 64 - (port % 64));
      return port;
    }
    return -ENOSPC;
  }
}
