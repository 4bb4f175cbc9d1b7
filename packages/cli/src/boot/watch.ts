import type { CallEvent } from '@trapline/trap-bus';
import type { Io, Live } from '../io.js';
import { callWords } from '../run/call-words.js';

/** Milliseconds between two pictures. */
const REFRESH_MS = 250;
/** Calls that are shown of each CPU. */
const MAX_SHOWN = 4;
/** Lines of the guest's console below them. */
const MAX_CONSOLE_LINES = 8;
const MAX_LINE = 200;

interface CpuWatch {
  count: number;
  lastCount: number;
  rate: number;
  readonly last: string[];
}

/** The last calls of each CPU, decoded, with counts and rates: in place on a terminal, a line for each call elsewhere. */
export class Watch {
  readonly #io: Io;
  readonly #live: Live | undefined;
  readonly #cpus: readonly CpuWatch[];
  readonly #console: string[] = [''];
  readonly #timer: NodeJS.Timeout | undefined;
  #drawn = 0;

  constructor(io: Io, live: Live | undefined, cpus: number) {
    this.#io = io;
    this.#live = live;
    this.#cpus = Array.from({ length: cpus }, () => ({ count: 0, lastCount: 0, rate: 0, last: [] }));
    this.#timer = live === undefined ? undefined : setInterval(() => this.#draw(), REFRESH_MS);
  }

  add(call: CallEvent): void {
    const cpu = this.#cpus[call.vcpu] as CpuWatch;
    const words = `${call.conduit} ${callWords(call)}`;
    cpu.count++;
    if (this.#live === undefined) this.#io.err(`cpu ${call.vcpu} ${words}\n`);
    cpu.last.push(words);
    if (cpu.last.length > MAX_SHOWN) cpu.last.shift();
  }

  /** What the guest writes stands below the calls; true where it is shown there. */
  guest(text: string): boolean {
    if (this.#live === undefined) return false;
    const [first = '', ...rest] = text.replaceAll('\r', '').split('\n');
    this.#console.push(
      ((this.#console.pop() ?? '') + first).slice(-MAX_LINE),
      ...rest.map((line) => line.slice(0, MAX_LINE)),
    );
    this.#console.splice(0, this.#console.length - MAX_CONSOLE_LINES);
    return true;
  }

  end(): void {
    clearInterval(this.#timer);
    this.#draw();
  }

  #draw(): void {
    if (this.#live === undefined) return;
    const { columns, style } = this.#io;
    const lines = this.#cpus.flatMap((cpu, index) => {
      cpu.rate = Math.round((cpu.count - cpu.lastCount) * (1000 / REFRESH_MS));
      cpu.lastCount = cpu.count;
      const head = style('bold', `cpu ${index}  ${cpu.count} calls  ${cpu.rate}/s`);
      return [head, ...cpu.last.map((words) => `  ${words.slice(0, columns - 3)}`)];
    });
    lines.push('', ...this.#console.map((line) => style('dim', line.slice(0, columns - 1))));
    const up = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : '';
    this.#drawn = lines.length;
    this.#live.status(`${up}\r\u001b[J${lines.join('\n')}\n`);
  }
}
