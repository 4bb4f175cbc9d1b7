/** Who owns a range of function numbers (DEN0028 1.5 F, 6.1). */
export interface Owner {
  /** The closed range of owner numbers, bits 29:24 of a fast call. */
  readonly from: number;
  readonly to: number;
  readonly name: string;
  /** The issue of the convention that allotted the range. */
  readonly since: string;
}

export const OWNER_ARCH = 0;
export const OWNER_CPU = 1;
export const OWNER_SIP = 2;
export const OWNER_OEM = 3;
export const OWNER_STANDARD_SECURE = 4;
export const OWNER_STANDARD_HYPERVISOR = 5;
export const OWNER_VENDOR_HYPERVISOR = 6;
export const OWNER_VENDOR_EL3 = 7;
/** The trusted OS answers general queries under its last number only (DEN0028 1.5 F, 6.2). */
export const OWNER_TRUSTED_OS_QUERIES = 63;

/** All owners in the order of their numbers; 8 to 47 are not allotted. */
export const OWNERS: readonly Owner[] = [
  { from: OWNER_ARCH, to: OWNER_ARCH, name: 'Arm architecture calls', since: '1.0' },
  { from: OWNER_CPU, to: OWNER_CPU, name: 'CPU service calls', since: '1.0' },
  { from: OWNER_SIP, to: OWNER_SIP, name: 'SiP service calls', since: '1.0' },
  { from: OWNER_OEM, to: OWNER_OEM, name: 'OEM service calls', since: '1.0' },
  {
    from: OWNER_STANDARD_SECURE,
    to: OWNER_STANDARD_SECURE,
    name: 'standard secure service calls',
    since: '1.0',
  },
  {
    from: OWNER_STANDARD_HYPERVISOR,
    to: OWNER_STANDARD_HYPERVISOR,
    name: 'standard hypervisor service calls',
    since: '1.0',
  },
  {
    from: OWNER_VENDOR_HYPERVISOR,
    to: OWNER_VENDOR_HYPERVISOR,
    name: 'vendor specific hypervisor service calls',
    since: '1.0',
  },
  {
    from: OWNER_VENDOR_EL3,
    to: OWNER_VENDOR_EL3,
    name: 'vendor specific EL3 monitor service calls',
    since: '1.5',
  },
  { from: 8, to: 47, name: 'reserved', since: '1.0' },
  { from: 48, to: 49, name: 'trusted application calls', since: '1.0' },
  { from: 50, to: OWNER_TRUSTED_OS_QUERIES, name: 'trusted OS calls', since: '1.0' },
];

/** The owner of a number from 0 to 63. */
export function ownerOf(number: number): Owner {
  const owner = OWNERS.find(({ from, to }) => number >= from && number <= to);
  if (!owner) throw new RangeError(`an owner is 0 to 63, not ${number}`);
  return owner;
}

/** Ranges that a specification of its own has within an owner, SMC32 numbers; both forms belong to it. */
export interface ServiceRange {
  readonly from: number;
  readonly to: number;
  readonly name: string;
  readonly source: string;
}

/** Which specification a function number belongs to (DEN0028 1.5 F, 6.3; DEN0057A). */
export const SERVICE_RANGES: readonly ServiceRange[] = [
  { from: 0x8400_0000, to: 0x8400_001f, name: 'PSCI', source: 'DEN0022' },
  { from: 0x8400_0020, to: 0x8400_003f, name: 'SDEI', source: 'DEN0054' },
  { from: 0x8400_0040, to: 0x8400_004f, name: 'MM', source: 'DEN0060' },
  { from: 0x8400_0050, to: 0x8400_005f, name: 'TRNG', source: 'DEN0098' },
  { from: 0x8400_0060, to: 0x8400_00ef, name: 'FF-A', source: 'DEN0077' },
  { from: 0x8400_00f0, to: 0x8400_010f, name: 'errata management', source: 'DEN0100' },
  { from: 0x8400_0110, to: 0x8400_012f, name: 'DRTM', source: 'DEN0113' },
  { from: 0x8400_0130, to: 0x8400_014f, name: 'PCI configuration space', source: 'DEN0115' },
  { from: 0x8400_0150, to: 0x8400_01cf, name: 'CCA', source: 'DEN0137' },
  { from: 0x8500_0020, to: 0x8500_003f, name: 'PV time', source: 'DEN0057' },
];

/** What a yielding call's number belongs to: bits 29:24 do not say it there (DEN0028 1.5 F, 6.1). */
export const YIELDING_RANGES: readonly ServiceRange[] = [
  { from: 0x0000_0000, to: 0x0100_ffff, name: 'reserved for existing Armv7 interfaces', source: 'DEN0028' },
  { from: 0x0101_0000, to: 0x01ff_ffff, name: 'reserved', source: 'DEN0028' },
  { from: 0x0200_0000, to: 0x1fff_ffff, name: 'trusted OS yielding calls', source: 'DEN0028' },
  { from: 0x2000_0000, to: 0x7fff_ffff, name: 'reserved for further trusted OS yielding calls', source: 'DEN0028' },
];
