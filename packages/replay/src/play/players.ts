import type { Players } from '../stage/plan.js';
import { playCall } from './call.js';
import { playEntry } from './entry.js';
import { playGuest } from './guest.js';
import { playDelay, playReturn } from './later.js';
import { playMemory, playSysreg } from './look.js';
import { playPoll, playSweep } from './repeated.js';

/** What a replay plays by itself. A subject's own players come first; `vmm`, `boot` and `exit` are only theirs. */
export const PLAYERS: Players = {
  call: playCall,
  poll: playPoll,
  sweep: playSweep,
  delay: playDelay,
  entry: playEntry,
  return: playReturn,
  mem: playMemory,
  sysreg: playSysreg,
  guest: playGuest,
};
