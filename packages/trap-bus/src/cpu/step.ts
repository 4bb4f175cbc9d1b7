import { PC } from '@trapline/core';
import { CALL_INSTRUCTION_SIZE } from '../rules/return-address.js';
import type { Vcpu } from './vcpu.js';

/** The caller goes on behind its call. */
export function stepOver(vcpu: Vcpu): void {
  const { w } = vcpu;
  const low = ((w[2 * PC] as number) + CALL_INSTRUCTION_SIZE) | 0;
  w[2 * PC] = low;
  if (low >>> 0 < CALL_INSTRUCTION_SIZE && vcpu.state === 'a64') w[2 * PC + 1] = (w[2 * PC + 1] as number) + 1;
}

/** From the address behind the call back to the call. */
export function stepBack(vcpu: Vcpu): void {
  const back = (vcpu.x[PC] as bigint) - BigInt(CALL_INSTRUCTION_SIZE);
  vcpu.x[PC] = BigInt.asUintN(vcpu.state === 'a64' ? 64 : 32, back);
}
