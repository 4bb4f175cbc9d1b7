import { type Call, CompositionError, type Handler, returnInt, SMC64, setResult } from '@trapline/core';
import { MAX_SOC_NAME, SOC_NAME_REGISTERS, smcccStatus } from './abi.js';

/** What SMCCC_ARCH_SOC_ID tells. What is absent answers NOT_SUPPORTED. */
export interface SocId {
  /** JEP-106 bank in bits 30:24, code in bits 23:16, the SiP's own in bits 15:0. */
  readonly version?: number;
  /** Bits 30:0, the SiP's own. */
  readonly revision?: number;
  /** ASCII, at most {@link MAX_SOC_NAME} characters; told by SMC64 only. */
  readonly name?: string;
}

const VERSION = 0;
const REVISION = 1;
const NAME = 2;

/**
 * The handler of SMCCC_ARCH_SOC_ID (DEN0028 1.5 F, 7.4): INVALID_PARAMETER for an unknown type, and for the name by
 * SMC32; NOT_SUPPORTED for what the SoC does not tell.
 *
 * Throws {@link CompositionError} for a name that is too long or not ASCII, and for values with bit 31.
 */
export function socIdHandler(soc: SocId): Handler {
  const version = value('version', soc.version);
  const revision = value('revision', soc.revision);
  const name = soc.name === undefined ? undefined : nameRegisters(soc.name);
  return (call) => {
    if (call.w[1] !== 0) return returnInt(call, smcccStatus.INVALID_PARAMETER.code);
    switch (call.w[0]) {
      case VERSION:
        return returnInt(call, version);
      case REVISION:
        return returnInt(call, revision);
      case NAME:
        return (call.id & SMC64) === 0 ? returnInt(call, smcccStatus.INVALID_PARAMETER.code) : returnName(call, name);
      default:
        return returnInt(call, smcccStatus.INVALID_PARAMETER.code);
    }
  };
}

function returnName(call: Call, name: Uint32Array | undefined): ReturnType<Handler> {
  if (name === undefined) return returnInt(call, smcccStatus.NOT_SUPPORTED.code);
  for (let i = 0; i < SOC_NAME_REGISTERS; i++) {
    setResult(call, i + 1, name[2 * i] as number, name[2 * i + 1] as number);
  }
  return returnInt(call, smcccStatus.SUCCESS.code);
}

function value(what: string, number: number | undefined): number {
  if (number === undefined) return smcccStatus.NOT_SUPPORTED.code;
  if (!Number.isInteger(number) || number < 0 || number > 0x7fff_ffff) {
    throw new CompositionError(`the SoC's ${what} ${number} does not fit bits 30:0`, 'give 31 bits');
  }
  return number;
}

function nameRegisters(name: string): Uint32Array {
  if (name.length > MAX_SOC_NAME || !/^[\x20-\x7e]*$/.test(name)) {
    throw new CompositionError(
      `the SoC's name ${JSON.stringify(name)} does not fit its registers`,
      `give at most ${MAX_SOC_NAME} printable ASCII characters`,
    );
  }
  const bytes = new Uint8Array(8 * SOC_NAME_REGISTERS);
  for (let i = 0; i < name.length; i++) bytes[i] = name.charCodeAt(i);
  return new Uint32Array(bytes.buffer);
}
