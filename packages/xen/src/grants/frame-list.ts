import { GNTST } from '../abi/grant-status.js';
import type { Hypercall } from '../calls/hypercall.js';
import { NO_FRAME } from '../memory/frames.js';
import type { SharedPage } from '../memory/shared-page.js';

/** Bytes of one frame number in a guest's list. */
const FRAME_BYTES = 8;

/**
 * Writes at which frames of their domain pages are, all ones for those that it has not mapped: okay, or bad_virt_addr
 * where any cannot be written. The operand is used for it.
 */
export function writeFrames(
  call: Hypercall,
  pages: readonly SharedPage[],
  count: number,
  low: number,
  high: number,
): number {
  const { memory } = call.domain;
  const { words } = call.operand;
  const { grants } = call.domain.xen.profile;
  let status: number = GNTST.okay;
  let to = low;
  let above = high;
  for (let i = 0; i < count; i++) {
    const { frame } = pages[i] as SharedPage;
    words[0] = frame === NO_FRAME ? -1 : frame;
    words[1] = frame === NO_FRAME ? -1 : frame / 0x1_0000_0000;
    if (!memory.copyOut(call, to, above, FRAME_BYTES)) {
      status = GNTST.bad_virt_addr;
      if (!grants.listsFramesBehindFaults) break;
    }
    const next = (to + FRAME_BYTES) >>> 0;
    if (next < to) above = (above + 1) >>> 0;
    to = next;
  }
  return status;
}
