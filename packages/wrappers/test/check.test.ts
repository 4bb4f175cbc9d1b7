import { defineInterface, oneOf, u32 } from '@trapline/core';
import { psci } from '@trapline/psci';
import {
  assemblyFile,
  type DeclaredInterface,
  generateWrapper,
  type InterfaceOptions,
  interfaceWrappers,
  planInterface,
  type TargetName,
  valueCall,
  type WrapperDescription,
  WrapperError,
} from '@trapline/wrappers';
import { describe, expect, it } from 'vitest';

const call = valueCall('hvc');
const parameter = (register: number) => ({ register, parameter: `p${register}`, bits: 64 as const });
const output = (register: number) => ({ register, name: `r${register}`, bits: 64 as const });

describe('a description is refused, with place and remedy', () => {
  it.each<[Partial<WrapperDescription>, TargetName, string]>([
    [{ name: '9x' }, 'a64', '9x for A64, little-endian: its name is no C identifier; use letters, digits and _'],
    [{}, 'a32-be32', 'smccc_value_hvc for A32, BE-32: HVC came with ARMv7, which has no BE-32'],
    [
      { conduit: 'smc' },
      't32-be32',
      'SMC in T32 came with ARMv7, which has no BE-32; choose another conduit or target',
    ],
    [{ immediate: 0x1_0000 }, 'a64', 'hvc there has immediates 0 to 65535, not 65536'],
    [{ conduit: 'smc', immediate: 16 }, 'a32', 'smc there has immediates 0 to 15, not 16'],
    [{ immediate: 0.5 }, 'a64', 'not 0.5'],
    [{ inputs: [parameter(18)] }, 'a64', 'input register 18 is outside 0 to 17'],
    [{ inputs: [parameter(13)] }, 't32', 'input register 13 is outside 0 to 12'],
    [{ outputs: [output(-1)] }, 'a64', 'output register -1 is outside 0 to 17'],
    [{ inputs: [parameter(1), parameter(1)] }, 'a64', 'register 1 is an input twice; name every register once'],
    [{ inputs: [{ register: 0, constant: -1 }] }, 'a64', 'constant -1 is no unsigned 64-bit number'],
    [{ inputs: [{ register: 0, constant: 0x1_0000_0000 }] }, 'a32', 'constant 4294967296 is no unsigned 32-bit number'],
    [
      { outputs: [output(0), output(1)], results: 'return' },
      'a64',
      "2 results cannot be returned; use results: 'memory'",
    ],
    [{ block: true, quirk: true }, 'a64', 'a block has no quirk; read the register from the results'],
    [{ quirk: true }, 'a64', 'a quirk needs register 6 after the results are stored'],
  ])('%j for %s', (change, target, message) => {
    const attempt = (): unknown => generateWrapper({ ...call, ...change }, target);
    expect(attempt).toThrow(WrapperError);
    expect(attempt).toThrow(message);
  });
});

describe('an interface is refused', () => {
  const plan = (abi: DeclaredInterface, options: Partial<InterfaceOptions> = {}): unknown =>
    planInterface(abi, { conduit: 'hvc', ...options });

  it('for a conduit that it does not have', () => {
    const abi = { ...psci.abi, convention: { ...psci.abi.convention, conduits: ['smc'] } } as DeclaredInterface;
    expect(() => plan(abi)).toThrow('interface psci: its calls do not come by hvc; choose smc');
  });

  it('for an immediate that it does not have, or for several of which none is chosen', () => {
    const with_ = (immediates: readonly (readonly [number, number])[]) => ({
      ...psci.abi,
      convention: { ...psci.abi.convention, immediates },
    });
    expect(() => plan(psci.abi, { immediate: 1 })).toThrow('immediate 1 is none of its own; choose one of 0');
    expect(() => plan(with_([[1, 2]]))).toThrow('interface psci: it has several immediates; choose one of 1 to 2');
    expect(() =>
      plan(
        with_([
          [7, 7],
          [9, 9],
        ]),
      ),
    ).toThrow('choose one of 7, 9');
    const chosen = planInterface(
      with_([
        [7, 7],
        [9, 9],
      ]),
      { conduit: 'hvc', immediate: 9 },
    );
    expect(chosen.calls[0]?.immediate).toBe(9);
    expect(
      planInterface(
        with_([
          [3, 5],
          [0, 1],
        ]),
        { conduit: 'hvc' },
      ).calls[0]?.immediate,
    ).toBe(0);
  });

  it('where two constants would have one name', () => {
    const rest = { since: '1', clause: 'x', summary: 'x', returns: oneOf('go', { ON: 1 }) };
    const twins = defineInterface({
      name: 'twins',
      title: 'Twins',
      source: 'x',
      calls: { goOn: { id: 0x8400_0000, ...rest }, go_on: { id: 0x8400_0001, ...rest } },
    });
    expect(() => plan(twins)).toThrow('would both be TWINS_GO_ON; rename one');
  });
});

describe('an interface', () => {
  it('takes the prefix that is asked for, and words of C as argument names with _', () => {
    const abi = defineInterface({
      name: 'one',
      title: 'One',
      source: 'x',
      calls: {
        set: { id: 0x8400_0000, since: '1', clause: 'x', summary: 'x', arguments: { type: u32 }, returns: {} },
      },
    });
    const plan = planInterface(abi, { conduit: 'smc', prefix: 'my fw' });
    expect(assemblyFile(plan, 'a64')).toContain('void my_fw_set(uint32_t type_)');
    expect(interfaceWrappers(plan, 'a64').map(({ description }) => description.name)).toEqual(['my_fw_set']);
  });
});
