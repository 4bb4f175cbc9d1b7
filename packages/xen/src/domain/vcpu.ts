import type { Pe } from '@trapline/core';
import { MulticallEntry } from '../calls/multicall.js';
import type { Domain } from './domain.js';

/** One vCPU of a domain as Xen keeps it. What belongs to a room (event channels, run states) the room keeps by index. */
export class XenVcpu {
  readonly domain: Domain;
  readonly pe: Pe;
  /** The vcpu_id: the number by which hypercalls name it. */
  readonly id: number;
  /** The entry of a multicall that it has in hand. */
  readonly entry: MulticallEntry;

  constructor(domain: Domain, pe: Pe) {
    this.domain = domain;
    this.pe = pe;
    this.id = pe.index;
    this.entry = new MulticallEntry(this);
  }
}
