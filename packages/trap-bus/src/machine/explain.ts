import type { ConduitKind } from '@trapline/core';
import type { Vcpu } from '../cpu/vcpu.js';
import type { Answerer, Standing } from '../guest/standing.js';
import { reasons } from '../rules/reasons.js';
import { callInstruction } from '../rules/routing.js';
import type { Lane } from './lane.js';

/** Who would answer a call that `vcpu` makes now. */
export function whoAnswers(lane: Lane, vcpu: Vcpu, conduit: ConduitKind, immediate: number): Answerer | undefined {
  const outside = lane.outsideHears(vcpu, conduit) ? lane.outside?.who(vcpu, conduit, immediate) : undefined;
  if (outside) return outside;
  const route = lane.routeOf(vcpu, conduit);
  if (route === 'el2' || route === 'el2-trap') return lane.el2?.who(vcpu, conduit, immediate);
  if (route === 'el3') return lane.el3?.who(vcpu, conduit, immediate);
  if (route !== undefined) return undefined;
  return lane.el2?.who(vcpu, conduit, immediate) ?? lane.el3?.who(vcpu, conduit, immediate);
}

/** A call's way in words: `EL1 A64 HVC #0 → HCR_EL2.HCD? no → EL2: xen → psci.cpuOn`. */
export function explainCall(lane: Lane, vcpu: Vcpu, conduit: ConduitKind, immediate: number): string {
  const security = vcpu.secure ? 'Secure ' : '';
  const way = [
    `${security}EL${vcpu.el} ${vcpu.state.toUpperCase()} ${conduit.toUpperCase()} #0x${immediate.toString(16)}`,
  ];
  const answerer = whoAnswers(lane, vcpu, conduit, immediate);
  if (lane.outside) {
    if (answerer?.level === 'outside') return [...way, `outside: ${words(answerer)}`].join(' → ');
    way.push(
      `outside: ${names(lane.outside)} ${lane.outsideHears(vcpu, conduit) ? 'does not claim it' : 'is not asked'}`,
    );
  }
  const kind = callInstruction(conduit);
  if (kind === undefined) {
    way.push(answerer ? `${answerer.level.toUpperCase()}: ${words(answerer)}` : 'nobody claims it');
    return way.join(' → ');
  }
  const { el, secure, hcr, scr, state } = vcpu;
  const asked = reasons({ conduit: kind, el, aarch32: state !== 'a64', secure, ...lane.guest.levels, hcr, scr });
  const last = asked[asked.length - 1] as string;
  way.push(...asked.slice(0, -1), last.startsWith('EL') ? `${last}: ${at(lane, last, answerer)}` : last);
  return way.join(' → ');
}

function at(lane: Lane, level: string, answerer: Answerer | undefined): string {
  if (answerer) return words(answerer);
  const standing = level === 'EL3' ? lane.el3 : lane.el2;
  return standing ? `${names(standing)} does not claim it` : "the guest's own software";
}

function words(answerer: Answerer): string {
  const { service, declaration } = answerer;
  return `${service} → ${answerer.interface}.${declaration ? declaration.name : 'numbers that no call has'}`;
}

function names(standing: Standing): string {
  return standing.services.map(({ service }) => service.name).join(', ');
}
