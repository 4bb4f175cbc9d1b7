import { type Outcome, PC, RESUME } from '@trapline/core';
import type { CallInput, CallStep } from '@trapline/recordings';
import { compareOperands, physical } from '../compare/memory.js';
import { compareRegisters, type RegisterView } from '../compare/registers.js';
import { compareState } from '../compare/state.js';
import { hex } from '../registers/hex.js';
import type { Findings } from '../report/findings.js';
import { type Performer, PSTATE_OBSERVED } from '../stage/performer.js';
import type { Stage } from '../stage/stage.js';
import { contentOf } from '../tap/memory-entries.js';
import { type CallEnd, endWords, recordedEnd } from './call-end.js';
import { catchException, catchInterrupt, compareException } from './exception.js';
import { performerOf } from './performer-of.js';

/** How long a replay waits, in milliseconds of its clock, for a call that the recorded machine came back from. */
export const CALL_PATIENCE_MS = 10_000;

/** Calls that one step makes at most. */
export const MAX_CALLS: number = 1 << 18;

/** One HVC or SMC: what stands before it, the call, and everything that was seen of it. */
export function playCall(step: CallStep, stage: Stage, findings: Findings): void {
  const performer = performerOf(step, stage, findings);
  if (!performer) return;
  if (step.notRun) {
    if (stage.ended(performer) === undefined && performer.ready && !performer.left) {
      findings.different('notRun', 'the machine has ended', 'it still runs');
    }
    return;
  }
  if (!canCall(step, stage, performer, findings)) return;
  const { repeat = 1 } = step;
  if (repeat > MAX_CALLS) {
    findings.skip(`the same call ${repeat} times; at most ${MAX_CALLS} are made in one step`);
    return;
  }
  for (let i = 0; i < repeat; i++) {
    if (i > 0 && !canCall(step, stage, performer, findings)) return;
    playOnce(step, stage, performer, findings);
  }
}

/** Whether the CPU stands where it can make a call of this width; says what differs where it does not. */
export function canCall(step: CallInput, stage: Stage, performer: Performer, findings: Findings): boolean {
  const { width, ready, index, vcpu } = performer;
  const ended = stage.ended(performer);
  if (ended !== undefined) findings.different('machine', 'running', `ended (${ended})`);
  else if (!ready) findings.different(`cpu ${index}`, 'running its program', performer.lost ? 'lost' : vcpu.powerState);
  else if (width !== step.width) findings.different(`cpu ${index} width`, String(step.width), String(width));
  else return true;
  return false;
}

function playOnce(step: CallStep, stage: Stage, performer: Performer, findings: Findings): void {
  const memory = performer.guest.ports.memory;
  if (stage.plan.observesOperands) compareOperands(findings, memory, step.memIn, step);
  else {
    for (const operand of step.memIn ?? []) {
      if (operand.hex === undefined || memory.write(physical(operand.addr), contentOf(operand))) continue;
      findings.skip(`no memory for the operand at ${operand.addr}`);
      return;
    }
  }
  if (step.wake) stage.arm(performer, step.wake.cntpTimerMs);
  const expected = recordedEnd(step);
  const seen = execute(step, stage, performer, expected === 'away' ? (step.waitedMs ?? 0) : CALL_PATIENCE_MS);
  const { kind } = seen.end;
  if (kind !== 'away') stage.disarm(performer);
  if (kind === expected) compareCall(step, stage, performer, findings, seen);
  else findings.different('end', endWords(expected), endedAs(seen));
  if (step.settleMs !== undefined) stage.advance(step.settleMs);
}

/** What was seen of a call. */
export interface Seen {
  readonly before: RegisterView;
  readonly after: RegisterView;
  /** Condition flags and masks behind the call. */
  readonly pstate: number;
  readonly end: CallEnd;
}

/** Loads the registers, executes the instruction and waits for what comes of it. */
export function execute(step: CallInput, stage: Stage, performer: Performer, patience: number): Seen {
  performer.load(step.in, stage.fill(step.width), stage.plan.pstate);
  const { before } = performer;
  performer.watched = true;
  const outcome = performer.guest.caller(performer.index).execute(step.conduit, Number(step.imm));
  const end = endOf(outcome, stage, performer, patience);
  performer.watched = false;
  const pstate = performer.vcpu.pstate & PSTATE_OBSERVED;
  if (end.kind === 'exception' && end.exception.kind !== 'irq') performer.leaveHandler();
  return { before, after: performer.view(), pstate, end };
}

function endOf(outcome: Outcome, stage: Stage, performer: Performer, patience: number): CallEnd {
  const { guest, vcpu, taken } = performer;
  if (taken) return { kind: 'exception', exception: catchException(performer, taken) };
  switch (outcome.kind) {
    case 'returned':
      return returned(performer);
    case 'resume':
      performer.arrive();
      return { kind: 'resumed' };
    case 'wait':
      guest.enterWait(vcpu);
      return whenAwake(stage, performer, patience, outcome.why);
    case 'off':
      stage.advance(patience);
      return { kind: 'away', why: 'off' };
    case 'system':
      if (outcome.event === 'suspend' && !stage.plan.suspendEnds) return suspended(stage, performer, patience);
      stage.end(performer, outcome.event);
      return { kind: 'machine', event: outcome.event };
    case 'exit':
      return { kind: 'away', why: `exit ${outcome.reason}` };
    default:
      return { kind: 'away', why: outcome.kind };
  }
}

/** A guest takes the interrupt that its call has unmasked before its next instruction. */
function returned(performer: Performer): CallEnd {
  return performer.interrupted ? { kind: 'exception', exception: catchInterrupt(performer) } : { kind: 'returned' };
}

function whenAwake(stage: Stage, performer: Performer, patience: number, why: string): CallEnd {
  const { vcpu } = performer;
  if (!stage.advanceUntil(() => vcpu.powerState === 'running', patience)) return { kind: 'away', why };
  return performer.arrived ? { kind: 'resumed' } : returned(performer);
}

/** The machine sleeps until an interrupt of the caller, and then brings it to where it wanted to go on. */
function suspended(stage: Stage, performer: Performer, patience: number): CallEnd {
  const { guest, vcpu } = performer;
  const woken = stage.advanceUntil(() => guest.ports.interrupts.pending(vcpu), patience);
  if (!woken) return { kind: 'away', why: 'system suspended' };
  guest.decide(vcpu, RESUME);
  performer.arrive();
  return { kind: 'resumed' };
}

/** How a call ended, in words. */
export function endedAs({ end, after }: Seen): string {
  const words = endWords(end);
  return end.kind === 'returned' ? `${words} x0 ${hex(after.get(0) ?? 0n)}` : words;
}

function compareCall(step: CallStep, stage: Stage, performer: Performer, findings: Findings, seen: Seen): void {
  const { end } = seen;
  if (end.kind === 'resumed') {
    if (!step.state) return;
    compareState(findings, performer, step.state, step);
    performer.arrived = false;
    return;
  }
  compareMachine(step, stage.ended(performer), findings);
  compareCaller(step, stage, performer, findings, seen);
  const { memory } = performer.guest.ports;
  compareOperands(findings, memory, step.memOut, step);
  compareOperands(findings, memory, step.memAlso, step);
}

/** Compares what the caller sees of its call in its own registers: results, masks, or the exception it took. */
export function compareCaller(
  step: CallStep,
  stage: Stage,
  performer: Performer,
  findings: Findings,
  { before, after, pstate, end }: Seen,
): void {
  if (end.kind === 'exception' && step.exception) compareException(findings, step.exception, end.exception);
  if (end.kind === 'returned' || end.kind === 'exception') {
    compareRegisters(findings, before, after, step.out ?? {}, step);
  }
  if (end.kind === 'returned') {
    findings.compare('pc', hex(performer.behindCall), hex(performer.vcpu.x[PC] as bigint));
    if (stage.plan.pstate !== undefined) comparePstate(step, findings, stage.plan.pstate, pstate);
  }
}

/** Why QEMU's monitor says that the machine stopped, by event. */
const REASONS: Readonly<Record<string, string>> = {
  shutdown: 'guest-shutdown',
  reset: 'guest-reset',
  reset2: 'guest-reset',
  crash: 'guest-panic',
};

/** What the machine did because of a call: its events, and whether it still runs. */
function compareMachine({ machine }: CallStep, ended: string | undefined, findings: Findings): void {
  if (!machine) return;
  const events = machine.events.map(({ event, reason }) => reason ?? event);
  findings.compare('machine', events.join(', ') || 'no event', ended ? (REASONS[ended] ?? ended) : 'no event');
  findings.compare('machine.stillRunning', String(machine.stillRunning), String(ended === undefined));
}

const PSTATE_FLAGS = 0xf000_0000;
const PSTATE_MASKS = 0x3c0;

function comparePstate(step: CallStep, findings: Findings, before: number, after: number): void {
  const flags = Number(step.nzcvAfter ?? step.cpsrAfter ?? before) & PSTATE_FLAGS;
  const masks = Number(step.daifAfter ?? step.cpsrAfter ?? before) & PSTATE_MASKS;
  findings.compare('pstate', hex((flags | masks) >>> 0), hex(after >>> 0));
}
