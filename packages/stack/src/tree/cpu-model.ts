/**
 * What `compatible` of a cpu node says for a MIDR_EL1 (devicetree/bindings/arm/cpus.yaml; part numbers from the
 * processors' technical reference manuals, "Main ID Register").
 */
const models: readonly (readonly [implementer: number, part: number, compatible: string])[] = [
  [0x41, 0xc07, 'arm,cortex-a7'],
  [0x41, 0xc0f, 'arm,cortex-a15'],
  [0x41, 0xd03, 'arm,cortex-a53'],
  [0x41, 0xd04, 'arm,cortex-a35'],
  [0x41, 0xd05, 'arm,cortex-a55'],
  [0x41, 0xd07, 'arm,cortex-a57'],
  [0x41, 0xd08, 'arm,cortex-a72'],
  [0x41, 0xd09, 'arm,cortex-a73'],
  [0x41, 0xd0a, 'arm,cortex-a75'],
  [0x41, 0xd0b, 'arm,cortex-a76'],
  [0x41, 0xd0c, 'arm,neoverse-n1'],
  [0x41, 0xd40, 'arm,neoverse-v1'],
  [0x41, 0xd49, 'arm,neoverse-n2'],
];

/** The binding keeps this one for software models that are no particular processor. */
const ANY_MODEL = 'arm,armv8';

/** `compatible` of the cpu nodes of a guest whose CPUs read `midr` from MIDR_EL1. */
export function cpuCompatible(midr: number): string {
  const implementer = (midr >>> 24) & 0xff;
  const part = (midr >>> 4) & 0xfff;
  return models.find(([i, p]) => i === implementer && p === part)?.[2] ?? ANY_MODEL;
}

/** Processors without AArch64, as trees call them: Armv7 and older, and Cortex-A32. */
const AARCH32_ONLY =
  /^(?:arm,cortex-a(?:5|7|8|9|12|15|17|32)|arm,arm(?:9|1[01])[\w-]*|qcom,(?:krait|scorpion)|marvell,(?:pj4\w*|sheeva-v7))$/;

/** Whether a cpu node's `compatible` names a processor that knows AArch32 alone. */
export function isAarch32Only(compatible: readonly string[]): boolean {
  return compatible.some((name) => AARCH32_ONLY.test(name));
}
