import type { PrivateInterrupts } from './private-interrupts.js';

/** A vCPU's redistributor: RD_base, then SGI_base, 64 KiB each (IHI 0069, 12.10). */
export const REDISTRIBUTOR_BYTES = 0x2_0000;
const SGI_BASE = 0x1_0000;

/** Offsets in the SGI frame (IHI 0069, table 12-29). */
const SGI = {
  IGROUPR0: 0x080,
  ISENABLER0: 0x100,
  ICENABLER0: 0x180,
  ISPENDR0: 0x200,
  ICPENDR0: 0x280,
  ISACTIVER0: 0x300,
  ICACTIVER0: 0x380,
  ICFGR0: 0xc00,
  ICFGR1: 0xc04,
  IGRPMODR0: 0xd00,
  NSACR: 0xe00,
} as const;

/** A register of the SGI frame; one without `read` or `write` reads as zero and ignores writes. */
interface Register {
  readonly read?: (own: PrivateInterrupts) => number;
  /** False: Xen does not emulate the write, and the store aborts. */
  readonly write?: (own: PrivateInterrupts, value: number) => boolean;
}

/** vgic_v3_rdistr_sgi_mmio_read and _write: the pending and active state cannot be read, nor pending be taken away. */
const REGISTERS: Readonly<Record<number, Register>> = {
  [SGI.IGROUPR0]: {},
  [SGI.ISENABLER0]: { read: (own) => own.enabled, write: done((own, bits) => own.enable(bits)) },
  [SGI.ICENABLER0]: { read: (own) => own.enabled, write: done((own, bits) => own.disable(bits)) },
  [SGI.ISPENDR0]: { write: done((own, bits) => injectAll(own, bits)) },
  [SGI.ICPENDR0]: {},
  [SGI.ISACTIVER0]: { write: () => false },
  [SGI.ICACTIVER0]: {},
  [SGI.ICFGR0]: { read: (own) => own.configuration[0] as number },
  [SGI.ICFGR1]: {
    read: (own) => own.configuration[1] as number,
    write: done((own, value) => {
      own.configuration[1] = value;
    }),
  },
  [SGI.IGRPMODR0]: {},
  [SGI.NSACR]: {},
};
const PRIORITIES = 0x400;
const PRIORITIES_END = 0x420;

/** A 32-bit load from the redistributors, at an offset from the first; undefined for what is not modelled here. */
export function readRedistributor(own: PrivateInterrupts, offset: number): number | undefined {
  const at = (offset % REDISTRIBUTOR_BYTES) - SGI_BASE;
  if (at >= PRIORITIES && at < PRIORITIES_END) return prioritiesAt(own, at).getUint32(0, true);
  const register = REGISTERS[at];
  return register && (register.read?.(own) ?? 0) >>> 0;
}

/** A 32-bit store: whether it goes through; undefined for what is not modelled here. */
export function writeRedistributor(own: PrivateInterrupts, offset: number, value: number): boolean | undefined {
  const at = (offset % REDISTRIBUTOR_BYTES) - SGI_BASE;
  if (at >= PRIORITIES && at < PRIORITIES_END) {
    prioritiesAt(own, at).setUint32(0, value, true);
    return true;
  }
  const register = REGISTERS[at];
  return register && (register.write?.(own, value) ?? true);
}

function prioritiesAt({ priorities }: PrivateInterrupts, at: number): DataView {
  return new DataView(priorities.buffer, priorities.byteOffset + ((at - PRIORITIES) & ~3), 4);
}

function done(write: (own: PrivateInterrupts, value: number) => void): NonNullable<Register['write']> {
  return (own, value) => {
    write(own, value);
    return true;
  };
}

function injectAll(own: PrivateInterrupts, bits: number): void {
  for (let rest = bits; rest !== 0; rest &= rest - 1) own.inject(31 - Math.clz32(rest & -rest));
}
