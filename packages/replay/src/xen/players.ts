import type { Step } from '@trapline/recordings';
import type { Player, Players } from '../stage/plan.js';
import { playXenCall, playXenReturn } from './call.js';
import { playXenDelay } from './delay.js';
import { playXenGuest } from './guest.js';
import { playXenMemory, playXenSysreg } from './look.js';
import type { SideOf, XenSide } from './xen-side.js';

/** How steps of Xen's recordings are played; `entry` is everybody's. */
export function playersOf(sideOf: SideOf): Players {
  const on =
    <S extends Step>(play: (side: XenSide, ...rest: Parameters<Player<S>>) => void): Player<S> =>
    (step, stage, findings) =>
      play(sideOf(stage), step, stage, findings);
  return {
    call: on(playXenCall),
    delay: on(playXenDelay),
    return: on(playXenReturn),
    guest: on(playXenGuest),
    mem: on(playXenMemory),
    sysreg: on(playXenSysreg),
  };
}
