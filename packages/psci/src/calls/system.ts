import { type Call, type Handler, hex64, type Outcome, returnInt, type SystemEvent } from '@trapline/core';
import type { Platform } from '../platform.js';
import { Code } from '../status.js';

/** SYSTEM_RESET2: the only architectural type, and the bit that marks vendors' types (5.13). */
export const SYSTEM_WARM_RESET = 0;
export const VENDOR_RESET = 0x8000_0000 | 0;
/** SYSTEM_OFF2: the only type; F.b takes 0 for it too, the number it had in the drafts. */
export const HIBERNATE_OFF = 1;

/** SYSTEM_OFF (5.11) and SYSTEM_RESET (5.12). The event says whether MEM_PROTECT is on: the machine then wipes memory. */
export function systemCall(platform: Platform, event: 'shutdown' | 'reset'): Handler {
  const plain = eventOf(event, {});
  const wiping = eventOf(event, { memProtect: 1 });
  return (call) => leave(platform, call, platform.memProtect ? wiping : plain);
}

/**
 * SYSTEM_RESET2 (5.13): INVALID_PARAMETERS for an architectural type other than the warm reset, and for vendor types that
 * the profile does not name. An architectural reset keeps memory, whatever MEM_PROTECT says.
 */
export function systemReset2(platform: Platform): Handler {
  const { vendorResets } = platform.profile;
  return (call) => {
    const type = call.w[0] as number | 0;
    const vendor = (type & VENDOR_RESET) !== 0 || (vendorResets === 'any' && call.w[1] !== 0);
    const known = vendor ? vendorResets === 'any' || vendorResets.includes(type >>> 0) : type === SYSTEM_WARM_RESET;
    if (!known) return returnInt(call, Code.INVALID_PARAMETERS);
    return leave(platform, call, eventOf('reset2', { type: type >>> 0, cookie: cookieOf(call) }));
  };
}

/** SYSTEM_OFF2: INVALID_PARAMETERS for another type than HIBERNATE_OFF and for a cookie that is not zero. */
export function systemOff2(platform: Platform): Handler {
  return (call) => {
    const { w } = call;
    const type = w[0] as number | 0;
    if ((type !== 0 && type !== HIBERNATE_OFF) || w[2] !== 0 || w[3] !== 0) {
      return returnInt(call, Code.INVALID_PARAMETERS);
    }
    return leave(platform, call, eventOf('off2', { type: HIBERNATE_OFF, cookie: '0x0' }));
  };
}

function cookieOf(call: Call): string {
  return hex64(call.w[2] as number, call.w[3] as number);
}

function eventOf(event: SystemEvent['event'], detail: SystemEvent['detail']): SystemEvent {
  return Object.freeze({ kind: 'system', event, detail: Object.freeze(detail) });
}

/** Some hypervisors leave an error in X0, for the guest to find should its VMM let it go on. */
function leave(platform: Platform, call: Call, event: SystemEvent): Outcome {
  const { afterSystemCall } = platform.profile;
  if (afterSystemCall !== undefined) returnInt(call, afterSystemCall);
  return event;
}
