import { createRegisters } from '@trapline/core';

import {
  abi,
  CPU_OFF,
  CPU_ON,
  CPU_ON_PENDING,
  CPU_STATE_NAMES,
  CPU_STOPPING,
  CPU_SUSPENDED,
  type CpuEvent,
  type CpuState,
  decodePowerState,
  decodeVersion,
  EVENT_ENTERED,
  EVENT_START,
  EVENT_STOP,
  EVENT_STOPPED,
  EVENT_SUSPEND,
  EVENT_WAKE,
  EXTENDED_RESERVED,
  encodePowerState,
  hasReservedBits,
  nextCpuState,
  ORIGINAL_RESERVED,
  REFUSED,
} from '@trapline/psci';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('power states (5.4.2)', () => {
  test.each([
    [0x0001_0000, { format: 'original', type: 'powerdown', level: 0, id: 0 }],
    [0x0301_ffff, { format: 'original', type: 'powerdown', level: 3, id: 0xffff }],
    [0x0100_0001, { format: 'original', type: 'standby', level: 1, id: 1 }],
    [0x4fff_ffff, { format: 'extended', type: 'powerdown', id: 0xfff_ffff }],
    [0x0000_0033, { format: 'extended', type: 'standby', id: 0x33 }],
  ] as const)('0x%s', (value, state) => {
    expect(decodePowerState(value, state.format)).toEqual(state);
    expect(encodePowerState(state)).toBe(value);
  });

  test('what is encoded is decoded again', () => {
    const type = fc.constantFrom('standby' as const, 'powerdown' as const);
    const original = fc.record({
      format: fc.constant('original' as const),
      type,
      level: fc.nat(3),
      id: fc.nat(0xffff),
    });
    const extended = fc.record({ format: fc.constant('extended' as const), type, id: fc.nat(0xfff_ffff) });
    fc.assert(
      fc.property(fc.oneof(original, extended), (state) => {
        expect(decodePowerState(encodePowerState(state), state.format)).toEqual(state);
      }),
    );
  });

  test('reserved bits are those that no field has', () => {
    expect(hasReservedBits(0x0301_ffff, 'original')).toBe(false);
    expect(hasReservedBits(0x4fff_ffff, 'extended')).toBe(false);
    for (let bit = 0; bit < 32; bit++) {
      const value = 1 << bit;
      expect(hasReservedBits(value, 'original')).toBe((value & ORIGINAL_RESERVED) !== 0);
      expect(hasReservedBits(value, 'extended')).toBe((value & EXTENDED_RESERVED) !== 0);
    }
    expect([ORIGINAL_RESERVED >>> 0, EXTENDED_RESERVED >>> 0]).toEqual([0xfcfe_0000, 0xb000_0000]);
  });

  test('in words', () => {
    const { show } = abi.calls.cpuSuspend.spec.arguments.powerState;
    expect([0x1_0000, 0x101_0022, 0x1, 0x4000_0022, 0x8000_0000].map((value) => show(value, 0))).toEqual([
      '0x10000 (powerdown, level 0)',
      '0x1010022 (powerdown, level 1)',
      '0x1 (standby, level 0)',
      '0x40000022 (powerdown)',
      '0x80000000',
    ]);
  });
});

describe('other values in words', () => {
  test('levels have names where they are usual', () => {
    const { show } = abi.calls.affinityInfo.spec.arguments.lowestLevel;
    expect([show(0, 0), show(1, 0), show(9, 0)]).toEqual(['cpu', 'cluster', '9']);
  });

  test('versions', () => {
    const type = abi.calls.version.spec.returns;
    expect([0x1_0001, 2, 0].map((value) => type.show(value, 0))).toEqual(['1.1', '0.2', '0.0']);
    const registers = createRegisters();
    type.write(registers, 0, { major: 1, minor: 2 });
    expect(type.read(registers, 0, false)).toEqual({ major: 1, minor: 2 });
    expect(decodeVersion(0x2_0009)).toEqual({ major: 2, minor: 9 });
  });
});

describe('the life of a CPU as a state machine', () => {
  test('has five states with the names that saved machines carry', () => {
    expect(CPU_STATE_NAMES).toEqual(['OFF', 'ON_PENDING', 'ON', 'STOPPING', 'SUSPENDED']);
  });

  test.each<[CpuState, CpuEvent, number]>([
    [CPU_OFF, EVENT_START, CPU_ON_PENDING],
    [CPU_ON_PENDING, EVENT_START, REFUSED],
    [CPU_ON, EVENT_START, REFUSED],
    [CPU_STOPPING, EVENT_START, REFUSED],
    [CPU_SUSPENDED, EVENT_START, REFUSED],
    [CPU_ON_PENDING, EVENT_ENTERED, CPU_ON],
    [CPU_ON, EVENT_STOP, CPU_STOPPING],
    [CPU_OFF, EVENT_STOP, REFUSED],
    [CPU_STOPPING, EVENT_STOPPED, CPU_OFF],
    [CPU_ON, EVENT_SUSPEND, CPU_SUSPENDED],
    [CPU_ON_PENDING, EVENT_SUSPEND, REFUSED],
    [CPU_SUSPENDED, EVENT_WAKE, CPU_ON],
    [CPU_OFF, EVENT_WAKE, REFUSED],
  ])('in state %i, event %i leads to %i', (state, event, expected) => {
    expect(nextCpuState(state, event)).toBe(expected);
  });

  test('what an embedder does by itself is accepted in every state', () => {
    for (const state of [CPU_OFF, CPU_ON_PENDING, CPU_ON, CPU_STOPPING, CPU_SUSPENDED] as const) {
      expect(nextCpuState(state, EVENT_ENTERED)).toBe(CPU_ON);
      expect(nextCpuState(state, EVENT_STOPPED)).toBe(CPU_OFF);
    }
  });
});
