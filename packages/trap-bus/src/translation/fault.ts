/** Why an address does not translate. */
export type FaultKind =
  | 'translation'
  | 'address-size'
  | 'access-flag'
  | 'permission'
  | 'domain'
  /** The table itself is not in memory. */
  | 'external-abort';

/** A stage-1 fault, as the architecture reports it. */
export interface TranslationFault {
  readonly kind: FaultKind;
  /** Level of the lookup, -1 to 3. Short descriptors have levels 1 and 2. */
  readonly level: number;
  /**
   * ESR_ELx.ISS DFSC, DFSR.STATUS with long descriptors (DDI 0487, D17.2.37), or DFSR.FS with short ones (G8.2.49).
   */
  readonly status: number;
  /** Which of the two numberings `status` has. */
  readonly format: 'long' | 'short';
}

// A walk gives a physical address, or one of these: negative, so that neither kind of answer allocates an object.
// -2 - status for the long format, -66 - status for the short one; -1 stays free for NO_ADDRESS.
const LONG = -2;
const SHORT = -66;

const LONG_STATUS: Readonly<Record<Exclude<FaultKind, 'domain'>, number>> = {
  'address-size': 0b000000,
  translation: 0b000100,
  'access-flag': 0b001000,
  permission: 0b001100,
  'external-abort': 0b010100,
};

// FEAT_LPA2 and FEAT_LVA put a level before level 0; its codes do not follow the pattern of the others.
const LEVEL_MINUS_1: Readonly<Partial<Record<FaultKind, number>>> = {
  'address-size': 0b101001,
  translation: 0b101011,
  'external-abort': 0b010011,
};

const SHORT_STATUS: Readonly<Record<Exclude<FaultKind, 'address-size'>, readonly [level1: number, level2: number]>> = {
  translation: [0b00101, 0b00111],
  'access-flag': [0b00011, 0b00110],
  domain: [0b01001, 0b01011],
  permission: [0b01101, 0b01111],
  'external-abort': [0b01100, 0b01110],
};

/** The result of a walk of long descriptors that faults. */
export function longFault(kind: keyof typeof LONG_STATUS, level: number): number {
  return LONG - (level < 0 ? (LEVEL_MINUS_1[kind] as number) : LONG_STATUS[kind] + level);
}

/** The result of a walk of short descriptors that faults. */
export function shortFault(kind: keyof typeof SHORT_STATUS, level: 1 | 2): number {
  return SHORT - SHORT_STATUS[kind][level - 1 ? 1 : 0];
}

/** The fault in a walk's result; undefined for a result that is an address. */
export function faultOf(result: number): TranslationFault | undefined {
  if (result > LONG) return undefined;
  return result > SHORT ? longFaultOf(LONG - result) : shortFaultOf(SHORT - result);
}

function longFaultOf(status: number): TranslationFault {
  for (const [kind, code] of Object.entries(LEVEL_MINUS_1)) {
    if (code === status) return { kind: kind as FaultKind, level: -1, status, format: 'long' };
  }
  const [kind] = Object.entries(LONG_STATUS).find(([, code]) => code === (status & ~3)) as [FaultKind, number];
  return { kind, level: status & 3, status, format: 'long' };
}

function shortFaultOf(status: number): TranslationFault {
  const found = Object.entries(SHORT_STATUS).find(([, codes]) => codes.includes(status));
  const [kind, codes] = found as [FaultKind, readonly number[]];
  return { kind, level: codes.indexOf(status) + 1, status, format: 'short' };
}
