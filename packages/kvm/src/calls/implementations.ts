import { type Call, type Handlers, returnInt, setResult, writeRegister } from '@trapline/core';
import { smcccStatus } from '@trapline/smccc';
import type { vendorAbi } from '../abi/vendor.js';

/** A CPU on which a guest may find itself after migration. */
export interface CpuImplementation {
  readonly midr: bigint;
  readonly revidr: bigint;
  readonly aidr: bigint;
}

/** CPU implementations that a VM may tell of. */
export const MAX_IMPLEMENTATIONS = 256;

/** Version 1.0 of the interface (ARM_SMCCC_KVM_DISCOVER_IMPL_VER, in the layout of SMCCC_VERSION). */
const VERSION_1_0 = 0x1_0000;

/**
 * DISCOVER_IMPL_VER and DISCOVER_IMPL_CPUS (Linux 6.15, hypercalls.rst). The kernel forwards them to the VMM, which
 * answers as this does: NOT_SUPPORTED where it has none to tell of, INVALID_PARAMETER for an index that is not there.
 */
export function implementationHandlers(cpus: readonly CpuImplementation[]): Handlers<typeof vendorAbi> {
  return {
    discoverImplVer: (call) => {
      if (cpus.length === 0) return returnInt(call, smcccStatus.NOT_SUPPORTED.code);
      setResult(call, 1, VERSION_1_0, 0);
      setResult(call, 2, cpus.length, 0);
      return returnInt(call, smcccStatus.SUCCESS.code);
    },
    discoverImplCpus: (call) => {
      if (cpus.length === 0) return returnInt(call, smcccStatus.NOT_SUPPORTED.code);
      const cpu = call.w[1] === 0 ? cpus[call.w[0] as number] : undefined;
      if (cpu === undefined) return returnInt(call, smcccStatus.INVALID_PARAMETER.code);
      return tell(call, cpu);
    },
  };
}

function tell(call: Call, { midr, revidr, aidr }: CpuImplementation) {
  writeRegister(call.pe, call.result + 1, midr);
  writeRegister(call.pe, call.result + 2, revidr);
  writeRegister(call.pe, call.result + 3, aidr);
  return returnInt(call, smcccStatus.SUCCESS.code);
}
