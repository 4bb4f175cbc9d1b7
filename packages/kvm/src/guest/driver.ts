import { type BindContext, type ClientOf, type Conduit, createClient, type Driver, isStatus } from '@trapline/core';
import { driver as psciDriver } from '@trapline/psci';
import {
  discoverSmccc,
  OWNER_VENDOR_HYPERVISOR,
  type PvTime,
  pvTimeDriver,
  QUERY_ABIS,
  type QueryAbi,
  type Smccc,
  type Trng,
  trngDriver,
  uuidFrom,
} from '@trapline/smccc';
import { KVM_FUNCTIONS, KVM_UID, PTP_PHYSICAL_COUNTER, PTP_VIRTUAL_COUNTER, vendorAbi } from '../abi/vendor.js';

/** What KVM tells its guest that it has. */
export interface KvmCapabilities {
  /** Function numbers of owner 6 that the feature bitmap names. */
  readonly functions: readonly number[];
  readonly ptp: boolean;
  /** The granule of a protected guest's memory, where it is one. */
  readonly granule: bigint | undefined;
  readonly memShare: boolean;
  readonly mmioGuard: boolean;
  readonly memRelinquish: boolean;
  readonly implementations: boolean;
}

/** The host's wall clock and a counter of the guest's at one moment. */
export interface CrossTimestamp {
  /** Nanoseconds since 1970. */
  readonly wall: bigint;
  readonly counter: bigint;
}

/** KVM as its guest has found it. */
export interface Kvm {
  readonly conduit: Conduit;
  readonly calls: ClientOf<typeof vendorAbi>;
  readonly capabilities: KvmCapabilities;
  readonly smccc: Smccc;
  /** Random numbers, where there is a TRNG. */
  readonly trng: Trng | undefined;
  /** Stolen time, where there is a structure for it. */
  readonly pvTime: PvTime | undefined;
  /** PTP: undefined where it is not there or the host's clock is not the counter. */
  crossTimestamp(counter?: 'virtual' | 'physical'): CrossTimestamp | undefined;
}

const FUNCTION_PTP = vendorAbi.calls.ptp.id & 0xffff;

/**
 * Finds KVM as Linux does (drivers/firmware/smccc/kvm_guest.c): PSCI's conduit, SMCCC 1.1 at least, the UUID of owner 6,
 * the feature bitmap. It has no node on ARM; where a tree has a `linux,kvm` node all the same, it changes nothing.
 */
export const driver: Driver<Kvm> = {
  name: 'kvm',
  compatible: [],
  needs: [psciDriver],
  bind: (context) => {
    const psci = context.get(psciDriver);
    const { conduit } = psci;
    // KVM's calls are by HVC (hypercalls.rst); Linux did not ask otherwise before 6.14.
    if (conduit.kind !== 'hvc') return undefined;
    const smccc = discoverSmccc(conduit, (id) => !isStatus(psci.features({ function: id })));
    if (smccc.calls === undefined || !isKvm(conduit)) return undefined;
    const calls = createClient(vendorAbi, conduit);
    const { functions0, functions32, functions64, functions96 } = calls.features();
    const functions = numbersOf([functions0, functions32, functions64, functions96]);
    const standard = standardServices(context, smccc);
    return {
      conduit,
      calls,
      capabilities: capabilitiesOf(calls, functions),
      smccc,
      ...standard,
      crossTimestamp: (counter = 'virtual') =>
        functions.includes(FUNCTION_PTP) ? crossTimestamp(calls, counter) : undefined,
    };
  },
};

/** TRNG and PV time by their own drivers, which have no node either. */
function standardServices(context: BindContext, smccc: Smccc): Pick<Kvm, 'trng' | 'pvTime'> {
  const found: Driver<Smccc> = { name: 'smccc', compatible: [], needs: [], bind: () => smccc };
  const { tree, memory, random } = context;
  const conduit = (kind: string): Conduit => context.conduit(kind);
  const get = <Bound>(): Bound => smccc as Bound;
  const inner: BindContext = { tree, conduit, get, memory, random };
  return { trng: trngDriver(found).bind(inner, undefined), pvTime: pvTimeDriver(found).bind(inner, undefined) };
}

function isKvm(conduit: Conduit): boolean {
  const { uid0, uid1, uid2, uid3 } = createClient(
    QUERY_ABIS.get(OWNER_VENDOR_HYPERVISOR) as QueryAbi,
    conduit,
  ).callUid();
  return !isStatus(uid0) && uuidFrom([uid0, uid1, uid2, uid3]) === KVM_UID;
}

function numbersOf(words: readonly number[]): readonly number[] {
  return Array.from({ length: KVM_FUNCTIONS }, (_, n) => n).filter(
    (n) => (((words[n >> 5] as number) >>> (n & 31)) & 1) !== 0,
  );
}

function capabilitiesOf(calls: ClientOf<typeof vendorAbi>, functions: readonly number[]): KvmCapabilities {
  const has = (name: keyof typeof vendorAbi.calls): boolean => functions.includes(vendorAbi.calls[name].id & 0xffff);
  const granule = has('hypMeminfo') ? calls.hypMeminfo({ reserved1: 0, reserved2: 0, reserved3: 0 }) : undefined;
  return {
    functions,
    ptp: has('ptp'),
    granule: typeof granule === 'bigint' ? granule : undefined,
    memShare: has('memShare') && has('memUnshare'),
    mmioGuard: has('mmioGuardMap'),
    memRelinquish: has('memRelinquish'),
    implementations: has('discoverImplVer') && has('discoverImplCpus'),
  };
}

function crossTimestamp(
  calls: ClientOf<typeof vendorAbi>,
  counter: 'virtual' | 'physical',
): CrossTimestamp | undefined {
  const which = counter === 'virtual' ? PTP_VIRTUAL_COUNTER : PTP_PHYSICAL_COUNTER;
  const { wallHigh, wallLow, counterHigh, counterLow } = calls.ptp({ counter: which });
  if (isStatus(wallHigh)) return undefined;
  return { wall: join(wallHigh, wallLow), counter: join(counterHigh, counterLow) };
}

function join(high: number, low: number): bigint {
  return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
