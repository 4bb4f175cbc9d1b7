import type { Commands } from '../monitor/commands.js';

/** Who has commands carried out in the machine. */
export interface Executor {
  /**
   * Has a CPU that is in the monitor carry them out, now. During a call, and in work given to {@link post}, there is
   * always one; before the machine begins and after its end none is needed. Throws `MonitorError` at other times.
   */
  execute(commands: Commands): void;
  /** Does work while a CPU is in the monitor: at once where one is, else as soon as one has been brought there. */
  post(work: () => void): void;
}
