import type { SharedWords } from '@trapline/core';
import { vcpuInfo } from '../../abi/structures/vcpu.js';

/** `evtchn_upcall_pending` is the lowest byte of its word. */
const UPCALL_WORD = vcpuInfo.at.evtchnUpcallPending >> 2;
const UPCALL_BYTE = 0xff;

/** Where the words of a vCPU's `vcpu_info` are. */
export interface VcpuInfoWords {
  readonly words: SharedWords;
  /** Index of its first word. */
  readonly first: number;
}

/** The `vcpu_info` of each vCPU. */
export type VcpuInfos = (vcpu: number) => VcpuInfoWords;

/**
 * Whether there was an upcall, and no more: Xen raises the interrupt again only where the byte was clear, so it is cleared
 * before events are looked for.
 */
export function takeUpcall({ words, first }: VcpuInfoWords): boolean {
  return (words.and(first + UPCALL_WORD, ~UPCALL_BYTE) & UPCALL_BYTE) !== 0;
}
