import { CORTEX_A53, CORTEX_A57, CORTEX_A72, CORTEX_A76, type ErratumAnswer, type ErratumRule } from '@trapline/smccc';

/** Numbers with the last revision that has them, variant in bits 7:4 and revision in bits 3:0. */
type UpTo = Readonly<Record<number, number>>;

/** Last of all revisions. */
const EVERY = 0xff;

/**
 * Errata of the CPUs of platform qemu whose workarounds are build flags, all off by default (lib/cpus/cpu-ops.mk): told as
 * affecting. A check that looks at its flag alone says neither yes nor no where the flag is off, which counts as yes.
 */
const OPEN: readonly (readonly [cpu: number, errata: UpTo])[] = [
  [CORTEX_A53, { 826319: 0x02, 835769: 0x04, 843419: 0x04, 1530924: EVERY }],
  [
    CORTEX_A57,
    {
      ...{ 806969: 0x00, 813420: 0x00, 814670: 0x00, 817169: 0x01, 817171: 0x01, 826974: 0x11, 826977: 0x11 },
      ...{ 828024: 0x11, 829520: 0x12, 833471: 0x12, 836019: EVERY, 859972: 0x13, 1319537: EVERY },
    },
  ],
  [CORTEX_A72, { 859971: 0x03, 1319367: EVERY }],
  [
    CORTEX_A76,
    {
      ...{ 1073348: 0x10, 1130799: 0x20, 1165347: 0x20, 1165522: 0x30, 1207823: 0x20, 1220197: 0x20 },
      ...{ 1257314: 0x30, 1262606: 0x30, 1262888: 0x30, 1275112: 0x30, 1286807: 0x30, 1791580: 0x40 },
      ...{ 1868343: 0x40, 1946160: EVERY, 2356586: EVERY, 2743102: 0x41, 3888013: EVERY, 10263: EVERY },
    },
  ],
];

/**
 * Those whose workarounds are on by default or always built in: told as mitigated. Entries are found by number alone, so
 * the last part of a CVE's number, the pseudo-erratum of a workaround call and that of a tuning are found as well.
 */
const MITIGATED: readonly (readonly [cpu: number, errata: UpTo])[] = [
  [CORTEX_A53, { 819472: 0x01, 824069: 0x02, 827319: 0x02, 836870: 0x03 }],
  [CORTEX_A57, { 3: EVERY, 3639: EVERY, 5715: EVERY, 23960: EVERY, 99999: 0x12, 813419: 0x00 }],
  [CORTEX_A72, { 3: 0x10, 3639: EVERY, 5715: 0x10, 23960: EVERY }],
  [CORTEX_A76, { 2: EVERY, 23960: EVERY }],
];

/** From a revision on: 855873 of the Cortex-A53. */
const FROM: readonly ErratumRule[] = [
  { erratum: 855_873, cpus: [CORTEX_A53], revisions: [0x03, EVERY], answer: 'AFFECTED' },
];

/**
 * What TF-A v2.15 on platform qemu tells of its CPUs' errata: the lists of lib/cpus/aarch64 (cortex_a53.S,
 * cortex_a57.S, cortex_a72.S, cortex_a76.S), looked up by services/std_svc/errata_abi. The Cortex-A76's errata of the DSU are left out:
 * whether they hold is read from the cluster's own registers.
 */
export const TFA_ERRATA: readonly ErratumRule[] = [
  ...rulesOf(OPEN, 'AFFECTED'),
  ...rulesOf(MITIGATED, 'HIGHER_EL_MITIGATION'),
  ...FROM,
];

function rulesOf(lists: typeof OPEN, answer: ErratumAnswer): readonly ErratumRule[] {
  return lists.flatMap(([cpu, errata]) =>
    Object.entries(errata).map(([erratum, last]) => ({
      erratum: Number(erratum),
      cpus: [cpu],
      revisions: [0, last] as const,
      answer,
    })),
  );
}
