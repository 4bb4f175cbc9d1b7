import type { Saved } from '@trapline/core';
import {
  EVTCHN_2L_NR_CHANNELS,
  EVTCHN_FIFO_MAX_QUEUES,
  EVTCHN_FIFO_NR_CHANNELS,
  EVTCHN_FIFO_PRIORITY,
} from '../abi/structures/event-channel.js';
import { isGlobalVirq, NR_VIRQS } from '../abi/virq.js';
import type { Domain } from '../domain/domain.js';
import { SavedState } from '../domain/saved-state.js';
import { FREE, INTERDOMAIN, IPI, PORTS_PER_BUCKET, PortTable, RESERVED, VIRQ_BOUND } from './port-table.js';

/** What a restored domain's event channels consist of. */
export interface RestoredPorts {
  readonly ports: PortTable;
  readonly virqs: Int32Array;
  readonly active: number;
  readonly resetAt: number;
  readonly fifo: SavedState | undefined;
  readonly waiting: readonly number[];
}

const NO_PEER = -1;
const MAX_INT = 0x7fff_ffff;

/** The columns of a table, as far as it is valid. */
export function savePorts(ports: PortTable): Saved {
  const { valid } = ports;
  const column = (values: ArrayLike<number>): number[] => Array.from({ length: valid }, (_, i) => values[i] as number);
  return {
    valid,
    state: column(ports.state),
    notify: column(ports.notify),
    remote: column(ports.remote),
    peers: ports.peers.slice(0, valid).map((peer) => peer?.id ?? NO_PEER),
    early: column(ports.early),
    priority: column(ports.priority),
    lastQueue: column(ports.lastQueue),
  };
}

/** Reads a domain's event channels, and checks that they fit together. */
export function restorePorts(domain: Domain, saved: Saved): RestoredPorts {
  const state = new SavedState(saved, `domain ${domain.id}'s event channels`);
  const table = state.part('ports');
  const valid = table.integer('valid', PORTS_PER_BUCKET, EVTCHN_FIFO_NR_CHANNELS);
  if (valid % PORTS_PER_BUCKET !== 0) throw table.error(`${valid} ports are no whole buckets`);
  const vcpus = Math.max(1, domain.vcpus.length);
  const ports = new PortTable();
  while (ports.valid < valid) ports.addBucket();
  ports.state.set(table.integers('state', FREE, IPI, valid));
  ports.notify.set(table.integers('notify', 0, vcpus - 1, valid));
  ports.remote.set(table.integers('remote', 0, MAX_INT, valid));
  ports.early.set(table.integers('early', 0, 1, valid));
  ports.priority.set(table.integers('priority', 0, EVTCHN_FIFO_PRIORITY.min, valid));
  ports.lastQueue.set(table.integers('lastQueue', 0, vcpus * EVTCHN_FIFO_MAX_QUEUES - 1, valid));
  table.integers('peers', NO_PEER, MAX_INT, valid).forEach((id, port) => {
    const peer = domain.xen.domain(id);
    if (ports.state[port] !== INTERDOMAIN) return;
    if (peer === undefined) throw table.error(`port ${port} is bound to domain ${id}, which is not there`);
    ports.peers[port] = peer;
  });
  if (ports.state[0] !== RESERVED) throw table.error('port 0 is not reserved');
  const fifo = state.partOrNothing('fifo');
  const last = (domain.guest !== undefined && fifo === undefined ? EVTCHN_2L_NR_CHANNELS : EVTCHN_FIFO_NR_CHANNELS) - 1;
  return {
    ports,
    ...bindings(ports, vcpus, last, table),
    resetAt: state.integer('resetAt', 0, valid),
    fifo,
    waiting: state.integers('waiting', 1, valid - 1),
  };
}

function bindings(
  ports: PortTable,
  vcpus: number,
  last: number,
  table: SavedState,
): Pick<RestoredPorts, 'virqs' | 'active'> {
  const virqs = new Int32Array(vcpus * NR_VIRQS);
  let active = 0;
  for (let port = 1; port < ports.valid; port++) {
    const state = ports.state[port] as number;
    if (state === RESERVED) throw table.error(`port ${port} is reserved`);
    if (state > RESERVED) active++;
    if (state > RESERVED && port > last) throw table.error(`port ${port} is beyond its ABI's ${last}`);
    if (state !== VIRQ_BOUND) continue;
    const virq = ports.remote[port] as number;
    if (virq >= NR_VIRQS) throw table.error(`port ${port} is bound to VIRQ ${virq}`);
    virqs[(isGlobalVirq(virq) ? 0 : (ports.notify[port] as number)) * NR_VIRQS + virq] = port;
  }
  return { virqs, active };
}
