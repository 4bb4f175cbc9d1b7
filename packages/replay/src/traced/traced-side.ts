import type { PortTraffic, Step, TracedMachine } from '@trapline/recordings';
import type { Findings } from '../report/findings.js';
import type { Stage } from '../stage/stage.js';
import { compareDriven, compareWritten } from './compare-traffic.js';
import type { PlayedMedium } from './played-medium.js';
import { PlayedMemory } from './played-memory.js';
import { PlayedClock, PlayedInterrupts, PlayedRandom } from './played-ports.js';

/** What the host of a traced machine does on its own account, by the action's name. */
export type TracedActions = Readonly<Record<string, (step: Extract<Step, { readonly op: 'vmm' }>) => void>>;

/** The ports of a traced machine's guest, played step by step. */
export class TracedSide {
  readonly memory: PlayedMemory;
  readonly interrupts: PlayedInterrupts = new PlayedInterrupts();
  readonly clock: PlayedClock;
  readonly random: PlayedRandom = new PlayedRandom();

  readonly #media: readonly PlayedMedium[];

  constructor({ regions, frequency, ports }: TracedMachine, media: readonly PlayedMedium[]) {
    this.#media = media;
    this.memory = new PlayedMemory(regions.map(({ base, size }) => ({ base: Number(base), size: Number(size) })));
    this.clock = new PlayedClock(frequency, ports);
    this.random.begin(ports);
  }

  /** Plays a step between what the ports are to give for it, and what they were given. */
  play(step: PortTraffic, stage: Stage, findings: Findings, work: () => void): void {
    const lost = this.memory.begin(step);
    if (lost !== undefined) {
      findings.skip(`no memory for the operand at ${lost.addr}`);
      return;
    }
    for (const port of [this.interrupts, this.clock, this.random]) port.begin(step);
    for (const entry of step.media ?? []) this.#media[entry.medium]?.put(entry);
    work();
    stage.settle();
    compareWritten(findings, step.memOut, this.memory.written);
    compareDriven(findings, step.interrupts, this.interrupts.driven);
  }
}
