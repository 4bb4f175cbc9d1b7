import type { Convention, Service } from '@trapline/core';
import {
  archService,
  CORTEX_A57,
  CORTEX_A72,
  CORTEX_A73,
  CORTEX_A75,
  errataService,
  OWNER_STANDARD_SECURE,
  OWNER_VENDOR_EL3,
  queryService,
  sdeiService,
  trngService,
  type WorkaroundEffect,
  type WorkaroundRule,
} from '@trapline/smccc';
import { TFA_ERRATA } from './tf-a-errata.js';

/** Which of TF-A's services beside PSCI a build has, by its build flags. */
export interface TfaServices {
  /** SDEI_SUPPORT. */
  readonly sdei: boolean;
  /** ERRATA_ABI_SUPPORT. */
  readonly errataAbi: boolean;
  /** ARCH_FEATURE_AVAILABILITY. */
  readonly featureAvailability: boolean;
  /** TRNG_SUPPORT. */
  readonly trng: boolean;
  /** ENABLE_PMF: the only service behind the vendor EL3 owner here. */
  readonly pmf: boolean;
  /** Packed affinities of the CPUs that the platform declares, whether they exist or not. */
  readonly declared: readonly number[];
  /** How many calls PSCI has in this build (PSCI_NUM_CALLS, include/lib/psci/psci.h): what the owner's count gives. */
  readonly psciCalls: number;
}

/** bl31/aarch64/runtime_exceptions.S does not look at the SMC's immediate. */
const convention: Partial<Convention> = { immediates: [[0, 0xffff]] };

/** CPUs whose vectors turn the MMU off and on (lib/cpus/aarch64/wa_cve_2017_5715_mmu.S). */
const MMU_CPUS = [CORTEX_A57, CORTEX_A72];
/** CPUs whose vectors go through AArch32 for BPIALL (wa_cve_2017_5715_bpiall.S). */
const BPIALL_CPUS = [CORTEX_A73, CORTEX_A75];

/**
 * Their vectors know WORKAROUND_1 and _3 by the syndrome of `smc #0` and return with it in two registers; by any other way
 * the number stays in X0: the calls are void.
 */
const MMU_PATH = fastPath(0, 1);
const BPIALL_PATH = fastPath(2, 3);

function fastPath(...registers: readonly number[]): readonly WorkaroundEffect[] {
  return [{ immediate: 0, registers: registers.map((register) => [register, 0x5e00_0000n] as const) }];
}

/** services/arm_arch_svc: what ARCH_FEATURES says on the CPUs that were recorded. */
const WORKAROUNDS: readonly WorkaroundRule[] = [
  { workaround: 1, cpus: MMU_CPUS, feature: 'required', effects: MMU_PATH },
  { workaround: 1, cpus: BPIALL_CPUS, feature: 'required', effects: BPIALL_PATH },
  { workaround: 1, feature: 'not-supported' },
  { workaround: 2, feature: 'not-required' },
  { workaround: 3, cpus: MMU_CPUS, feature: 'required', effects: MMU_PATH },
  { workaround: 3, cpus: BPIALL_CPUS, feature: 'required', effects: BPIALL_PATH },
  { workaround: 3, feature: 'not-supported' },
  { workaround: 4, feature: 'not-supported' },
];

const SMCCC_VERSION = 0x8000_0000;
const ARCH_FEATURES = 0x8000_0001;
const FEATURE_AVAILABILITY = 0xc000_0003;

/** services/std_svc/std_svc_setup.c and services/arm_arch_svc: owners' UUIDs. */
const STANDARD_UID = '5b908d10-63f8-e847-ae2d-c0fb5641f6e2';
const VENDOR_EL3_UID = 'b6011dca-57c4-407e-83f0-a7eddaf0df6c';

/** The platform hook of the recording. */
const TRNG_UUID = '11223344-5566-7788-99aa-bbccddeeff01';

/** Trap controls that FEATURE_AVAILABILITY tells of on a Cortex-A57, by encoded register; another register is −4. */
const AVAILABLE = { 1970432: 0x21_8000n, 1970496: 0x400n, 1970976: 0x808_06c0n };
const UNKNOWN_REGISTER = -4;

/** The services that stand with PSCI in BL31, by name. */
export function tfaServices(flags: TfaServices): Readonly<Record<string, Service>> {
  const features = { [SMCCC_VERSION]: 0, [ARCH_FEATURES]: 0 };
  const arch = {
    version: '1.5',
    workarounds: WORKAROUNDS,
    // Platform qemu implements neither of the SoC's numbers.
    socId: {},
    // The whole of X1 is compared.
    narrow: { archFeatures: 'by-caller', archSocId: 'by-caller' },
    convention,
  } as const;
  const availability = { registers: AVAILABLE, unknownRegister: UNKNOWN_REGISTER, smc32: false };
  return {
    arch: archService(
      flags.featureAvailability
        ? { ...arch, features: { ...features, [FEATURE_AVAILABILITY]: 0 }, featureAvailability: availability }
        : { ...arch, features },
    ),
    queries: queryService({
      convention,
      owners: {
        [OWNER_STANDARD_SECURE]: { count: flags.psciCalls, uid: STANDARD_UID, revision: { major: 0, minor: 1 } },
        ...(flags.pmf ? { [OWNER_VENDOR_EL3]: { uid: VENDOR_EL3_UID, revision: { major: 1, minor: 2 } } } : {}),
      },
    }),
    ...(flags.sdei ? { sdei: sdeiService({ declared: flags.declared, convention }) } : {}),
    ...(flags.errataAbi ? { errata: errataService({ errata: TFA_ERRATA, convention }) } : {}),
    ...(flags.trng ? { trng: trngService({ uuid: TRNG_UUID, convention }) } : {}),
  };
}
