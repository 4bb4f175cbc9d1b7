import { readDts } from '@trapline/devicetree';
import { hypervisor, makeSymbolic } from '@trapline/epapr';
import { psci, VERSIONS } from '@trapline/psci';
import { createStack } from '@trapline/stack';
import { describe, expect, test } from 'vitest';
import { docValidate, dtValidate, hasDtValidate, WITHOUT } from './dt-validate.js';

const HEAD = '#address-cells = <2>; #size-cells = <2>; compatible = "acme,board"; model = "board";';

function treeOf(nodes: string) {
  return readDts(`/dts-v1/; / { ${HEAD} ${nodes} };`);
}

describe.skipIf(!hasDtValidate)(`dt-validate (${WITHOUT})`, () => {
  test.for(['epapr,hypervisor.yaml', 'hypervisor.yaml'])('%s is a schema', (name) => {
    expect(docValidate(name)).toBe('');
  });

  test('accepts the tree of a stack with byte channels, doorbells and PSCI', () => {
    const stack = createStack({
      guests: [{ name: 'left', vcpus: 2, memory: [{ base: 0x4000_0000, size: 0x100_0000 }] }],
      el3: [psci.firmware()],
      el2: [
        hypervisor({
          byteChannels: [{ ends: [{ guest: 'left', handle: 1, receiveInterrupt: 5, transmitInterrupt: 6 }] }],
          doorbells: [{ from: { guest: 'left', handle: 2 }, to: { guest: 'left', interrupt: 7 } }],
          guestIds: { left: 1 },
          immediate: 0x42,
        }),
      ],
    });
    expect(dtValidate(stack.guests.left.deviceTree)).toBe('');
  });

  test.for(VERSIONS.flatMap((version) => [1, 4, 20].map((vcpus) => [version, vcpus] as const)))(
    'accepts the tree of a stack with PSCI %s and %i CPUs',
    ([version, vcpus]) => {
      const memory = [{ base: 0x4000_0000, size: 0x100_0000 }];
      const { board } = createStack({
        guests: [{ name: 'board', vcpus, memory }],
        el3: [psci.firmware({ version })],
      }).guests;
      expect(dtValidate(board.deviceTree)).toBe('');
    },
  );

  test.for([
    'hcall-instructions = <0xd4000002>',
    'hypercall-instructions = <0xe1400070>',
    'hcall-instructions = <0xd401d422>',
  ])('refuses %s, and accepts what the converter makes of it', (instructions) => {
    const tree = treeOf(`hypervisor { compatible = "epapr,hypervisor-1.1"; ${instructions}; };`);
    expect(dtValidate(tree)).toContain('False schema does not allow');
    makeSymbolic(tree);
    expect(dtValidate(tree)).toBe('');
  });

  test.for([
    ['compatible = "epapr,hypervisor-1.1"', "'method' is a required property"],
    ['compatible = "epapr,hypervisor-1.1"; method = "HVC"', "'HVC' is not one of ['hvc', 'smc']"],
    ['compatible = "epapr,hypervisor-1.1"; method = "hvc"; trapline,immediate = <0x10000>', 'trapline,immediate'],
    ['compatible = "xen,xen-4.17", "xen,xen"; method = "hvc"', 'method: False schema does not allow'],
    ['compatible = "xen,xen", "xen,xen-4.17"', 'compatible'],
    ['compatible = "vmware", "more"', 'compatible'],
  ] as const)('refuses %s', ([properties, message]) => {
    expect(dtValidate(treeOf(`hypervisor { ${properties}; };`))).toContain(message);
  });

  test.for(['"xen,xen-4.17", "xen,xen"', '"microsoft,hyperv"', '"vmware"'])('accepts compatible = %s', (names) => {
    expect(dtValidate(treeOf(`hypervisor { compatible = ${names}; };`))).toBe('');
  });
});
