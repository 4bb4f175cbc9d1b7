import {
  defineInterface,
  defineStatus,
  named,
  type StatusNamespace,
  u32,
  u64,
  type ValueType,
  valueOr,
} from '@trapline/core';

/**
 * Paravirtualized time: stolen time (DEN0057A).
 */

/** What these calls return (DEN0057A, 3.1). */
export const pvTimeStatus: StatusNamespace<'pv-time', 'SUCCESS' | 'NOT_SUPPORTED'> = defineStatus(
  'pv-time',
  'DEN0057A, 3.1',
  { SUCCESS: 0, NOT_SUPPORTED: -1 },
);

/** A PV time function id as an argument. */
const pvFunctionType: ValueType<number> = named('function id', u32, {
  edges: [0xc500_0020n, 0xc500_0021n, 0xc500_0022n, 0x8500_0020n, 0x8500_0021n, 0n],
});

/** PV_TIME_FEATURES: the number by which SMCCC_ARCH_FEATURES tells that PV time is there. */
export const PV_TIME_FEATURES = 0xc500_0020;

/** The PV time calls, in the order of section 3. SMC64 only. */
export const pvTimeAbi = defineInterface({
  name: 'pv-time',
  title: 'Paravirtualized time',
  source: 'DEN0057A, Paravirtualized Time for Arm-based Systems',
  calls: {
    features: {
      id: PV_TIME_FEATURES,
      since: '1.0',
      clause: '3.1',
      summary: 'Whether a PV time call is implemented for the calling PE.',
      arguments: { function: pvFunctionType },
      returns: valueOr(u32, pvTimeStatus),
      errors: ['SUCCESS', 'NOT_SUPPORTED'],
    },
    stolenTime: {
      id: 0xc500_0021,
      since: '1.0',
      clause: '3.2',
      summary: "Where the calling PE's stolen time structure is, as a guest-physical address.",
      returns: valueOr(u64, pvTimeStatus),
      errors: ['NOT_SUPPORTED'],
    },
  },
});
