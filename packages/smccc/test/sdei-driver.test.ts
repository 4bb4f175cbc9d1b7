import { BindError } from '@trapline/core';
import { DeviceTree } from '@trapline/devicetree';
import { archService, sdeiDriver, sdeiService } from '@trapline/smccc';
import { describe, expect, test } from 'vitest';
import { TestGuest } from './bench-guest.js';

describe('SDEI', () => {
  const bind = (guest: TestGuest, properties: Record<string, string | number>) => {
    const tree = new DeviceTree();
    const node = tree.root.add('firmware').add('sdei', properties);
    const context = {
      tree,
      conduit: (kind: string) => guest.guest.conduit(kind),
      get: () => {
        throw new Error('needs nothing');
      },
      memory: undefined,
      random: undefined,
    };
    return sdeiDriver.bind(context, node);
  };

  test('binds by its node and gives typed calls; those that may begin a handler can be waited for', () => {
    const guest = new TestGuest([archService(), sdeiService()]);
    const sdei = bind(guest, { compatible: 'arm,sdei-1.0', method: 'smc' });
    expect(sdei?.version).toEqual({ major: 1, minor: 0, vendor: 0 });
    const registered = sdei?.calls.eventRegister({ event: 0, entry: 0x1000, argument: 5, flags: 0, affinity: 0 });
    expect(String(registered)).toBe('SUCCESS');
    expect(String(sdei?.calls.eventEnable({ event: 0 }).result)).toBe('SUCCESS');
    expect(sdei?.calls.peUnmask().waiting).toBe(false);
    const signalled = sdei?.calls.eventSignal({ event: 0, target: 0 });
    expect(signalled?.waiting).toBe(true);
    expect(sdei?.calls.eventComplete({ status: 0 }).waiting).toBe(true);
    expect(String(signalled?.result)).toBe('SUCCESS');
    expect(String(sdei?.calls.eventComplete({ status: 0 }).result)).toBe('DENIED');
  });

  test('is not bound where firmware does not answer', () => {
    expect(bind(new TestGuest([archService()]), { compatible: 'arm,sdei-1.0', method: 'smc' })).toBeUndefined();
  });

  test('a node without a method, and another major version, is an error', () => {
    const guest = new TestGuest([archService(), sdeiService({ version: { major: 2, minor: 0, vendor: 0 } })]);
    expect(() => bind(guest, { compatible: 'arm,sdei-1.0' })).toThrow(BindError);
    expect(() => bind(guest, { compatible: 'arm,sdei-1.0', method: 0x1234_5678 })).toThrow(BindError);
    expect(() => bind(guest, { compatible: 'arm,sdei-1.0', method: 'eret' })).toThrow('/firmware/sdei: needs method');
    expect(() => bind(guest, { compatible: 'arm,sdei-1.0', method: 'smc' })).toThrow('has SDEI 2.0, not 1.x');
  });
});
