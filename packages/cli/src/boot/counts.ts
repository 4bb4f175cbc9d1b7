import type { CallEvent } from '@trapline/trap-bus';
import { callName } from '../run/call-words.js';

/** How often each call was made, by which instruction, and who answered. */
export class CallCounts {
  readonly #counts = new Map<
    string,
    { readonly name: string; readonly conduit: string; readonly by: string; count: number }
  >();
  #total = 0;

  get total(): number {
    return this.#total;
  }

  add(call: CallEvent): void {
    this.#total++;
    const name = callName(call);
    const { conduit } = call;
    const by = call.service === undefined ? 'nobody' : `${call.level ?? ''} ${call.service}`.trim();
    const key = `${conduit} ${name} ${by}`;
    const row = this.#counts.get(key);
    if (row === undefined) this.#counts.set(key, { name, conduit, by, count: 1 });
    else row.count++;
  }

  /** A table, in the order in which the calls were first made. */
  table(): string {
    const rows = [...this.#counts.values()];
    const width = Math.max(0, ...rows.map(({ name }) => name.length));
    const digits = String(this.#total).length;
    return rows
      .map(
        ({ name, conduit, by, count }) =>
          `  ${String(count).padStart(digits)}  ${conduit}  ${name.padEnd(width)}  ${by}\n`,
      )
      .join('');
  }
}
