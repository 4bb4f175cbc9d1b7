import type { StageTwo } from '../bridge/bridge.js';
import { STAGE_2 } from '../monitor/layout.js';
import type { LinkMemory } from '../monitor/link.js';
import { type BoardPlan, FLASH_BYTES } from './plan.js';

/** Descriptors of VMSAv8-64 stage 2 (DDI 0487, D8.3): valid, a table; a block with access flag, Inner Shareable, Normal Write-Back. */
const TABLE = 0x3n;
const BLOCK = 0x73dn;
const READ_WRITE = 0xc0n;
/** MemAttr 0b0001: Device-nGnRE, where devices and nothing else lie. */
const DEVICE_BLOCK = 0x405n;

const BLOCK_BYTES = 0x20_0000;
const ENTRIES = 512;
const GIB = 0x4000_0000n;

/**
 * VTCR_EL2: 39 bits of input from 40 of output in granules of 4 KiB, walked from level 1, Inner Shareable and
 * Write-Back; bit 31 is RES1 (D24.2.212).
 */
const VTCR = 0x8002_3559n;

/**
 * Writes tables under which a guest finds RAM at address 0, as flash for its firmware; everything else stays where it
 * is.
 */
export function writeStageTwo(memory: LinkMemory, plan: BoardPlan): StageTwo {
  const first = new BigUint64Array(ENTRIES);
  const low = new BigUint64Array(ENTRIES);
  const table = plan.area + STAGE_2;
  const flash = plan.flash as number;
  for (let i = 0; i < ENTRIES; i++) {
    first[i] = (BigInt(i) * GIB) | BLOCK | READ_WRITE;
    const address = i * BLOCK_BYTES;
    low[i] =
      address < FLASH_BYTES
        ? BigInt(flash + address) | BLOCK | READ_WRITE
        : BigInt(address) | DEVICE_BLOCK | READ_WRITE;
  }
  first[0] = BigInt(table + 0x1000) | TABLE;
  memory.write(table, new Uint8Array(first.buffer));
  memory.write(table + 0x1000, new Uint8Array(low.buffer));
  return { vttbr: BigInt(table), vtcr: VTCR };
}
