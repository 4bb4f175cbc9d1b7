import { PC, type Pe, type PowerPort, SP } from '@trapline/core';
import { CORE_PC, CORE_PSTATE, CORE_SP, CORE_X0, SYSREG_MPIDR_EL1 } from './register-ids.js';

const CALL_INSTRUCTION = 4n;
/** X0 to X30, two ids each. */
const CORE_X_IDS = 62n;

/**
 * A vCPU's core registers as KVM_GET_ONE_REG and KVM_SET_ONE_REG see them: 64 bits each, and PC behind the call that an
 * exit has interrupted, where the bus has it at the call.
 */
export class CoreRegisters {
  readonly #pe: Pe;
  readonly #power: PowerPort;
  /** PC as the VMM has written it in the middle of a call. */
  #pc: bigint | undefined = undefined;

  constructor(pe: Pe, power: PowerPort) {
    this.#pe = pe;
    this.#power = power;
  }

  /** PC as written in the middle of a call, until the vCPU runs again. */
  get pendingPc(): bigint | undefined {
    return this.#pc;
  }

  set pendingPc(pc: bigint | undefined) {
    this.#pc = pc;
  }

  /** Undefined for a register that is not modelled. */
  read(id: bigint): bigint | undefined {
    if (id === CORE_PC) return this.#pc ?? this.#pcNow();
    if (id === CORE_PSTATE) return BigInt(this.#pe.pstate >>> 0);
    if (id === SYSREG_MPIDR_EL1) return this.#pe.mpidr;
    const slot = slotOf(id);
    return slot === undefined ? undefined : this.#pe.x[slot];
  }

  /** False for a register that is not modelled, or not to be written. */
  write(id: bigint, value: bigint): boolean {
    const slot = slotOf(id);
    if (slot !== undefined) this.#pe.x[slot] = BigInt.asUintN(64, value);
    else if (id === CORE_PSTATE) this.#pe.pstate = Number(BigInt.asIntN(32, value));
    else if (id !== CORE_PC) return false;
    else if (this.#inCall) this.#pc = BigInt.asUintN(64, value);
    else this.#pe.x[PC] = BigInt.asUintN(64, value);
    return true;
  }

  /** Guest code is about to run: a PC that was written meanwhile counts now. */
  arrive(): void {
    if (this.#pc !== undefined) this.#pe.x[PC] = this.#pc;
    this.#pc = undefined;
  }

  #pcNow(): bigint {
    const pc = this.#pe.x[PC] as bigint;
    return this.#inCall ? pc + CALL_INSTRUCTION : pc;
  }

  get #inCall(): boolean {
    return this.#power.state(this.#pe) === 'waiting';
  }
}

function slotOf(id: bigint): number | undefined {
  if (id === CORE_SP) return SP;
  const offset = id - CORE_X0;
  return offset >= 0n && offset < CORE_X_IDS && (offset & 1n) === 0n ? Number(offset >> 1n) : undefined;
}
