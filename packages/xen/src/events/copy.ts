import type { Hypercall } from '../calls/hypercall.js';

/** Copies the structure that the second argument points to. */
export function copyIn(call: Hypercall, size: number): boolean {
  return call.domain.memory.copyIn(call, call.w[2] as number, call.w[3] as number, size);
}

/** Copies it back. */
export function copyOut(call: Hypercall, size: number): boolean {
  return call.domain.memory.copyOut(call, call.w[2] as number, call.w[3] as number, size);
}
