import {
  type AttachedGuest,
  type Call,
  type CallDeclaration,
  type Handlers,
  type Implementation,
  implement,
  returnHalves,
  returnInt,
  setResult,
} from '@trapline/core';
import { smcccStatus } from '@trapline/smccc';
import { KVM_CONVENTION } from '../abi/convention.js';
import { PTP_PHYSICAL_COUNTER, PTP_VIRTUAL_COUNTER, vendorAbi } from '../abi/vendor.js';
import { VENDOR_FEATURES, VENDOR_PTP, type VmState } from '../vm-state.js';
import type { Condition } from './gate.js';

/** Handlers of optional calls, and the bits of the feature bitmap (functions 0 to 63) that they set. */
export interface VendorPart {
  readonly handlers: Handlers<typeof vendorAbi>;
  readonly functions: number;
}

/** FEATURES, PTP, and the parts of a VM that has more than them. */
export function vendorCalls(
  guest: AttachedGuest,
  vm: VmState,
  virtualOffset: bigint,
  parts: readonly VendorPart[],
): Implementation {
  const more = parts.reduce((bits, part) => bits | part.functions, 0);
  const handlers: Handlers<typeof vendorAbi> = Object.assign(
    {
      features: (call: Call) => {
        setResult(call, 2, vm.vendorHyp2?.low ?? 0, 0);
        return returnHalves(call, vm.vendorHyp.low | more, 0);
      },
      ptp: ptpHandler(guest, virtualOffset),
    },
    ...parts.map((part) => part.handlers),
  );
  return implement(vendorAbi, handlers, { convention: KVM_CONVENTION });
}

/** Whether a call of owner 6 exists: PTP has a bit of its own, the rest is there where its part is. */
export function vendorCondition(vm: VmState): (declaration: CallDeclaration) => Condition {
  return ({ name }) => {
    const bitmap = vm.vendorHyp;
    if (name === 'features' || name === 'callUid') return { bitmap, bit: VENDOR_FEATURES };
    return name === 'ptp' ? { bitmap, bit: VENDOR_PTP } : () => true;
  };
}

/**
 * kvm_ptp_get_time: high halves first. The virtual counter is the physical one less the VM's offset, subtracted in halves:
 * a difference of bigints would be one more of them on the heap.
 */
function ptpHandler({ ports }: AttachedGuest, virtualOffset: bigint) {
  const { clock } = ports;
  const pair = new BigUint64Array([0n, 0n, virtualOffset]);
  const halves = new Uint32Array(pair.buffer);
  return (call: Call) => {
    const which = call.w[0] as number;
    if (which !== PTP_VIRTUAL_COUNTER && which !== PTP_PHYSICAL_COUNTER) {
      return returnInt(call, smcccStatus.NOT_SUPPORTED.code);
    }
    pair[0] = clock.wall();
    pair[1] = clock.counter();
    const offset = which === PTP_VIRTUAL_COUNTER ? -1 : 0;
    const low = (halves[2] as number) - (((halves[4] as number) & offset) >>> 0);
    const high = (halves[3] as number) - (((halves[5] as number) & offset) >>> 0) - (low < 0 ? 1 : 0);
    setResult(call, 1, halves[0] as number, 0);
    setResult(call, 2, high | 0, 0);
    setResult(call, 3, low | 0, 0);
    return returnHalves(call, halves[1] as number, 0);
  };
}
