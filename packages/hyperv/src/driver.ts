import { CallFault, type ClientOf, type Conduit, createClient, type Driver, isStatus } from '@trapline/core';
import { OWNER_VENDOR_HYPERVISOR, QUERY_ABIS, type QueryAbi, uuidFrom } from '@trapline/smccc';
import { abi, FAST_REGISTERS, HYPERV_UID } from './abi.js';
import { CallCode, controlWord, type HypercallResult } from './control.js';
import {
  type HyperVVersion,
  PARTITION_ID_SELF,
  VP_INDEX_SELF,
  VpRegister,
  versionOf,
  type Words,
} from './registers.js';
import { status } from './status.js';

/** Compatible strings that the driver binds to. */
export const COMPATIBLE: readonly string[] = ['microsoft,hyperv'];

/** Hyper-V, as a guest has found it. */
export interface HyperV {
  readonly conduit: Conduit;
  readonly version: HyperVVersion;
  readonly features: Words;
  readonly hints: Words;
  /** A register of the processor that calls; undefined where Hyper-V refuses. */
  readRegister(register: number): Words | undefined;
  writeRegister(register: number, value: bigint): HypercallResult;
  /** The number of the processor that calls. */
  vpIndex(): number | undefined;
  /** The partition's time in units of 100 ns. */
  referenceTime(): bigint | undefined;
  /** Signals an event flag of a connection, as a fast call. */
  signalEvent(connection: number, flag: number): HypercallResult;
}

/**
 * Binds where the vendor's hypervisor says Hyper-V's UUID, as Linux looks for it, and its registers can be read.
 * Undefined where another one answers, or none.
 */
export const driver: Driver<HyperV> = {
  name: 'hyperv',
  compatible: COMPATIBLE,
  needs: [],
  bind: (context, node) => {
    if (node === undefined) return undefined;
    const conduit = context.conduit('hvc');
    try {
      return isHyperV(conduit) ? bound(conduit) : undefined;
    } catch (error) {
      if (error instanceof CallFault) return undefined;
      throw error;
    }
  },
};

function isHyperV(conduit: Conduit): boolean {
  const query = createClient(QUERY_ABIS.get(OWNER_VENDOR_HYPERVISOR) as QueryAbi, conduit);
  const { uid0, uid1, uid2, uid3 } = query.callUid();
  return !isStatus(uid0) && uuidFrom([uid0, uid1, uid2, uid3]) === HYPERV_UID;
}

function bound(conduit: Conduit): HyperV | undefined {
  const calls = createClient(abi, conduit);
  const self = [PARTITION_ID_SELF, BigInt(VP_INDEX_SELF)];
  const readRegister: HyperV['readRegister'] = (register) => {
    const control = controlWord({ code: CallCode.GET_VP_REGISTERS, fast: true, repCount: 1 });
    const { result, x6, x7 } = fast(calls, control, [...self, BigInt(register)]);
    return result.status === status.SUCCESS ? [low(x6), high(x6), low(x7), high(x7)] : undefined;
  };
  const version = readRegister(VpRegister.HYPERVISOR_VERSION);
  const features = readRegister(VpRegister.FEATURES);
  const hints = readRegister(VpRegister.ENLIGHTENMENTS);
  if (version === undefined || features === undefined || hints === undefined) return undefined;
  return {
    conduit,
    version: versionOf(version),
    features,
    hints,
    readRegister,
    writeRegister: (register, value) => {
      const control = controlWord({ code: CallCode.SET_VP_REGISTERS, fast: true, repCount: 1 });
      return fast(calls, control, [...self, BigInt(register), 0n, value]).result;
    },
    vpIndex: () => readRegister(VpRegister.VP_INDEX)?.[0],
    referenceTime: () => {
      const words = readRegister(VpRegister.TIME_REF_COUNT);
      return words && (BigInt(words[1]) << 32n) + BigInt(words[0]);
    },
    signalEvent: (connection, flag) => {
      const control = controlWord({ code: CallCode.SIGNAL_EVENT, fast: true });
      return fast(calls, control, [BigInt(connection) + (BigInt(flag) << 32n)]).result;
    },
  };
}

type Calls = ClientOf<typeof abi>;
type Arguments = Parameters<Calls['hypercall']>[0];

function fast(calls: Calls, control: bigint, input: readonly bigint[]): ReturnType<Calls['hypercall']> {
  const parameters = Array.from({ length: FAST_REGISTERS }, (_, i) => [`p${i}`, input[i] ?? 0n]);
  return calls.hypercall({ control, ...Object.fromEntries(parameters) } as Arguments);
}

function low(value: bigint): number {
  return Number(value & 0xffff_ffffn);
}

function high(value: bigint): number {
  return Number(value >> 32n);
}
