import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EVTCHNSTAT, evtchnStatus } from '../../src/abi/structures/event-channel.js';
import { isGlobalVirq } from '../../src/abi/virq.js';
import * as client from './client.js';
import { Model, type ModelPort } from './model.js';
import { type Rig, rigOf, type Side } from './rig.js';

const DOMAINS = 4;
const LAST_PORT = 70;

type Step = readonly [name: string, domain: number, one: number, two: number];

const domain = fc.integer({ min: 0, max: DOMAINS - 1 });
const anyDomid = fc.integer({ min: 1, max: DOMAINS + 1 });
const port = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom(63, 64, 127, 128, 4096, 0xffff_ffff) },
);
const vcpu = fc.integer({ min: 0, max: 2 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant('allocUnbound'), domain, anyDomid, fc.constant(0)) },
  { weight: 6, arbitrary: fc.tuple(fc.constant('bindInterdomain'), domain, anyDomid, port) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('bindVirq'), domain, fc.integer({ min: 0, max: 25 }), vcpu) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('bindIpi'), domain, vcpu, fc.constant(0)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('bindVcpu'), domain, port, vcpu) },
  { weight: 6, arbitrary: fc.tuple(fc.constant('send'), domain, port, fc.constant(0)) },
  { weight: 3, arbitrary: fc.tuple(fc.constant('close'), domain, port, fc.constant(0)) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('raiseVirq'), domain, fc.integer({ min: 0, max: 23 }), vcpu) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('reset'), domain, fc.constant(0), fc.constant(0)) },
);

/** Does a step to both, and gives both answers. */
function carryOut(rig: Rig, model: Model, [name, index, one, two]: Step): [real: number, modelled: number] {
  const side = rig.sides[index] as Side;
  const id = side.id;
  switch (name) {
    case 'allocUnbound':
      return [client.allocUnbound(side, one), model.allocUnbound(id, one)];
    case 'bindInterdomain':
      return [client.bindInterdomain(side, one, two), model.bindInterdomain(id, one, two)];
    case 'bindVirq':
      return [client.bindVirq(side, one, two), model.bindVirq(id, one, two)];
    case 'bindIpi':
      return [client.bindIpi(side, one), model.bindIpi(id, one)];
    case 'bindVcpu':
      return [client.bindVcpu(side, one, two), model.bindVcpu(id, one, two)];
    case 'send':
      return [client.send(side, one), model.send(id, one)];
    case 'close':
      return [client.close(side, one), model.close(id, one)];
    case 'reset':
      model.reset(id);
      return [client.reset(side), 0];
    default:
      if (isGlobalVirq(one)) side.domain.events.raiseGlobalVirq(one);
      else side.domain.events.raiseVirq(one, two);
      model.raiseVirq(id, one, two);
      return [0, 0];
  }
}

/** A port by EVTCHNOP_status, as the model has it. */
function portOf(side: Side, number: number): ModelPort | undefined {
  if (client.status(side, number) !== 0) throw new Error(`port ${number} has no status`);
  const { status, vcpu: by, u } = side.back(evtchnStatus);
  switch (status) {
    case EVTCHNSTAT.unbound:
      return { is: 'unbound', by: u.unbound.dom, vcpu: by };
    case EVTCHNSTAT.interdomain:
      return { is: 'interdomain', with: u.interdomain.dom, port: u.interdomain.port, vcpu: by };
    case EVTCHNSTAT.virq:
      return { is: 'virq', virq: u.virq, vcpu: by };
    case EVTCHNSTAT.ipi:
      return { is: 'ipi', vcpu: by };
    default:
      return undefined;
  }
}

function expectSame(rig: Rig, model: Model): void {
  for (const side of rig.sides) {
    const valid = model.valid.get(side.id) as number;
    const ports = new Map<number, ModelPort>();
    const pending = new Set<number>();
    for (let number = 1; number < valid; number++) {
      const own = portOf(side, number);
      if (own !== undefined) ports.set(number, own);
      if (side.shared.load(12 + (number >>> 5)) & (1 << (number & 31))) pending.add(number);
    }
    expect(ports).toEqual(model.ports.get(side.id));
    expect(pending).toEqual(model.pending.get(side.id));
    expect(client.status(side, valid)).toBeLessThan(0);
    expect(side.domain.events.active).toBe(ports.size);
  }
}

function world(): { rig: Rig; model: Model } {
  const rig = rigOf(Array.from({ length: DOMAINS }, () => ({ maxEventPort: LAST_PORT })));
  return {
    rig,
    model: new Model(
      rig.sides.map(({ id }) => id),
      LAST_PORT,
    ),
  };
}

/** The dead domain's ports are gone, and whoever was bound to it has a port that it could bind again. */
function expectGone(rig: Rig, dead: Side): void {
  expect(dead.domain.events.active).toBe(0);
  for (const side of rig.sides) {
    const { ports } = side.domain.events;
    for (let number = 1; number < ports.valid; number++) expect(ports.peers[number]).not.toBe(dead.domain);
  }
}

describe('event channels of four domains', () => {
  test('are those of a simple model, for any sequence of operations', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { rig, model } = world();
        for (const one of steps) {
          const [real, modelled] = carryOut(rig, model, one);
          expect([one, real]).toEqual([one, modelled]);
        }
        expectSame(rig, model);
      }),
      { numRuns: 150 },
    );
  });

  test('run out of ports, and find them again, as the model does', () => {
    const { rig, model } = world();
    for (let i = 0; i <= LAST_PORT; i++) {
      const [real, modelled] = carryOut(rig, model, ['bindIpi', 0, i % 2, 0]);
      expect(real).toBe(modelled);
    }
    for (const number of [70, 64, 3]) carryOut(rig, model, ['close', 0, number, 0]);
    for (let i = 0; i < 4; i++) {
      const [real, modelled] = carryOut(rig, model, ['allocUnbound', 0, 2, 0]);
      expect(real).toBe(modelled);
    }
    expectSame(rig, model);
  });

  test('leave nothing behind of a domain that dies, and the others go on', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60 }),
        domain,
        fc.array(step, { maxLength: 20 }),
        (before, index, after) => {
          const { rig, model } = world();
          for (const one of before) carryOut(rig, model, one);
          const dead = rig.sides[index] as Side;
          const bound = rig.sides.map((side) => side.domain.events.active);
          dead.domain.life.die('dying');
          dead.domain.events.destroy();
          model.reset(dead.id);
          expectGone(rig, dead);
          rig.sides.forEach((side, i) => {
            if (side !== dead) expect(side.domain.events.active).toBe(bound[i]);
          });
          for (const one of after) {
            if (one[1] === index) continue;
            const [real, modelled] = carryOut(rig, model, one);
            expect([one, real]).toEqual([one, modelled]);
          }
          expect([client.allocUnbound(dead, 1), client.bindIpi(dead)]).toEqual([-22, -22]);
          expectGone(rig, dead);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('are the same after save and restore', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.array(step, { maxLength: 20 }), (before, after) => {
        const { rig, model } = world();
        for (const one of before) carryOut(rig, model, one);
        const saved = JSON.parse(JSON.stringify(rig.machine.save()));
        for (const one of after) carryOut(rig, world().model, one);
        rig.machine.restore(saved);
        expectSame(rig, model);
        for (const one of after) {
          const [real, modelled] = carryOut(rig, model, one);
          expect([one, real]).toEqual([one, modelled]);
        }
      }),
      { numRuns: 40 },
    );
  });
});
