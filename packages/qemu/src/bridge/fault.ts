import { Event, Field } from '../monitor/layout.js';
import { MonitorError } from '../monitor/link.js';
import type { MachineCpu } from './cpu.js';

/** Number of a level's last vector. */
const LAST_VECTOR = 15;

/** What a frame says that should not be there, in words. */
export function faultOf({ index, frame }: MachineCpu): MonitorError {
  const hex = (field: number): string => `0x${frame.get(field).toString(16)}`;
  const { event } = frame;
  if (event > Event.el2 + LAST_VECTOR) {
    return new MonitorError(`CPU ${index} rang with event 0x${event.toString(16)}, which it cannot have had there`);
  }
  const level = event >= Event.el2 ? `EL2, vector ${event - Event.el2}` : `EL3, vector ${event}`;
  const pc = `0x${(frame.registers.x[32] as bigint).toString(16)}`;
  return new MonitorError(
    `CPU ${index} took an exception that is no call to ${level}: ESR ${hex(Field.esr)}, FAR ${hex(Field.far)}, PC ${pc}`,
  );
}
