import { createRegisters, decodeCall, decodeResults, type Interface, type Pe } from '@trapline/core';
import {
  archAbi,
  attachSdei,
  isAtLeast,
  parseVersion,
  QUERY_ABIS,
  type SdeiSignals,
  SMCCC_VERSIONS,
  sdeiAbi,
  trngAbi,
  versionFrom,
  versionNumber,
  versionType,
} from '@trapline/smccc';
import fc from 'fast-check';
import { expect, test } from 'vitest';

fc.configureGlobal({ seed: 1 });

/** The results of a call in words, from register halves. */
function words(abi: unknown, call: string, ...values: readonly bigint[]): string[] {
  const registers = createRegisters();
  values.forEach((value, i) => {
    registers.x[i] = BigInt.asUintN(64, value);
  });
  const declaration = (abi as Interface).calls[call] as Interface['all'][number];
  return decodeResults(abi as Interface, declaration, registers, true).map(({ text }) => text);
}

test('versions are read, written and shown as major and minor', () => {
  const part = fc.record({ major: fc.nat(0x7fff), minor: fc.nat(0xffff) });
  fc.assert(
    fc.property(part, (version) => {
      const registers = createRegisters();
      registers.x.fill(2n ** 64n - 1n);
      versionType.write(registers, 2, version);
      expect(registers.x[2]).toBe(BigInt(versionNumber(version)));
      expect(versionType.read(registers, 2, true)).toEqual(version);
      expect(versionFrom(versionNumber(version))).toEqual(version);
    }),
  );
  expect(words(archAbi, 'version', 0x1_0005n)).toEqual(['1.5']);
  expect(words(archAbi, 'version', -1n)).toEqual(['NOT_SUPPORTED']);
});

test('versions of the convention have an order', () => {
  expect(SMCCC_VERSIONS.map((version) => isAtLeast(version, '1.2'))).toEqual([false, false, true, true, true, true]);
  expect(parseVersion('1.4')).toEqual({ major: 1, minor: 4 });
});

test("SDEI's version has a vendor part", () => {
  const type = sdeiAbi.calls.version.spec.returns;
  const registers = createRegisters();
  type.write(registers, 0, { major: 1, minor: 1, vendor: 0xffff_ffff });
  expect(registers.x[0]).toBe(0x1_0001_ffff_ffffn);
  expect(type.read(registers, 0, true)).toEqual({ major: 1, minor: 1, vendor: 0xffff_ffff });
  expect(words(sdeiAbi, 'version', 0x1_0000_0000_0000n)).toEqual(['1.0']);
  expect(words(sdeiAbi, 'version', 0x1_0000_0000_0007n)).toEqual(['1.0 vendor 7']);
});

test('a register of an interrupted context is a status only where it is exactly a code', () => {
  expect(words(sdeiAbi, 'eventContext', -3n)).toEqual(['DENIED']);
  expect(words(sdeiAbi, 'eventContext', 0xffff_fffdn)).toEqual(['0xfffffffd']);
  expect(words(sdeiAbi, 'eventContext', 0xffff_8000_0000_0000n)).toEqual(['0xffff800000000000']);
  expect(words(sdeiAbi, 'eventContext', -4n)).toEqual(['0xfffffffffffffffc']);
});

test('a UUID whose first word has bit 31 is no error', () => {
  expect(words(trngAbi, 'getUuid', 0xffff_fffen, 1n, 2n, 3n)).toEqual(['0xfffffffe', '0x1', '0x2', '0x3']);
  expect(words(QUERY_ABIS.get(4), 'callUid', -1n, 0n, 0n, 0n)[0]).toBe('NOT_SUPPORTED');
});

test('arguments are shown by name', () => {
  const registers = createRegisters();
  registers.x[1] = 2n;
  expect(decodeCall(archAbi as unknown as Interface, 0xc000_0002, registers)?.arguments).toEqual([
    { name: 'type', text: 'name' },
  ]);
});

test('a PE that cannot switch banks has its fields set', () => {
  let signals: SdeiSignals | undefined;
  const pe: Pe = {
    ...createRegisters(),
    index: 0,
    mpidr: 0n,
    affinity: 0,
    el: 0,
    state: 't32',
    secure: false,
    pstate: 0x30,
    hcr: 0,
    scr: 0,
    sctlr: 0,
  };
  const guest = {
    name: 'bare',
    pes: [pe],
    hasEl2: false,
    hasEl3: true,
    level: 'el3',
    midr: 0,
    ports: { power: { state: () => 'running' } },
    neighbours: () => [],
  } as unknown as Parameters<typeof attachSdei>[0];
  const attachment = attachSdei(guest, {
    connect: (_, given) => {
      signals = given;
    },
    events: [{ number: 1 }],
  });
  const call = (name: keyof typeof sdeiAbi.calls, ...args: readonly number[]) => {
    const entry = attachment.implementations[0]?.entries.find(({ id }) => id === sdeiAbi.calls[name].id);
    const w = new Uint32Array(36);
    args.forEach((value, i) => {
      w[2 * i] = value;
    });
    return entry?.handler({ pe, w, x: new BigUint64Array(w.buffer), id: entry.id, result: 0, signMask: -1 } as never);
  };
  Object.assign(pe, { el: 1, state: 'a64', pstate: 5 });
  call('eventRegister', 1, 0x1000, 5, 0, 0);
  call('eventEnable', 1);
  call('peUnmask');
  Object.assign(pe, { el: 0, state: 't32', pstate: 0x30 });
  signals?.raise(1, pe);
  expect([pe.el, pe.state, pe.pstate, pe.x[32]]).toEqual([1, 'a64', 0x3c5, 0x1000n]);
  expect(call('eventComplete')).toEqual({ kind: 'redirected' });
  expect([pe.el, pe.state, pe.pstate]).toEqual([0, 't32', 0x30]);
});
