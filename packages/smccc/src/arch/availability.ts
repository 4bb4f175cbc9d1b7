import { type Handler, returnInt, setResult } from '@trapline/core';
import { smcccStatus } from './abi.js';

/** What SMCCC_ARCH_FEATURE_AVAILABILITY tells. */
export interface FeatureAvailability {
  /** By encoded EL3 register: which of its features the caller can use. */
  readonly registers: Readonly<Record<number, bigint>>;
  /** The code for another register; INVALID_PARAMETER where absent. TF-A 2.15 gives −4, which SMCCC does not name. */
  readonly unknownRegister?: number;
  /** Whether the SMC32 form is there as well; true where absent. TF-A has only SMC64. */
  readonly smc32?: boolean;
}

/**
 * The handler of SMCCC_ARCH_FEATURE_AVAILABILITY (DEN0028 1.5 F, 7): INVALID_PARAMETER, and zero in the second register,
 * for a register that nothing is said of.
 */
export function availabilityHandler(availability: FeatureAvailability): Handler {
  const known = Object.entries(availability.registers);
  const registers = new Int32Array(known.map(([register]) => Number(register) | 0));
  const features = new Uint32Array(new BigUint64Array(known.map(([, bits]) => bits)).buffer);
  const unknown = availability.unknownRegister ?? smcccStatus.INVALID_PARAMETER.code;
  return (call) => {
    const register = (call.w[0] as number) | 0;
    for (let i = 0; i < registers.length && call.w[1] === 0; i++) {
      if (registers[i] !== register) continue;
      setResult(call, 1, features[2 * i] as number, call.wide ? (features[2 * i + 1] as number) : 0);
      return returnInt(call, smcccStatus.SUCCESS.code);
    }
    setResult(call, 1, 0, 0);
    return returnInt(call, unknown);
  };
}
