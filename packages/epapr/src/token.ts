/** Who defines a hypercall: the high half of its token (Linux, uapi/asm/epapr_hcalls.h). */
export const VENDORS: Readonly<Record<string, number>> = {
  local: 0,
  epapr: 1,
  freescale: 2,
  ibm: 3,
  'green-hills': 4,
  enea: 5,
  'wind-river': 6,
  amcc: 7,
  kvm: 42,
};

/** ePAPR's own vendor id. */
export const VENDOR_EPAPR = 1;

/**
 * The last number that the SMC Calling Convention leaves to interfaces older than itself (DEN0028 1.5 F, table 6-2):
 * tokens of all vendors up to 0xff lie below it, so that they collide with no SMCCC call.
 */
export const LAST_TOKEN = 0x0100_ffff;

/** A hypercall's token: vendor in the high half, number in the low one. */
export function tokenOf(vendor: number, number: number): number {
  return ((vendor & 0x7fff) << 16) | (number & 0xffff);
}
