import { cells, DeviceTree, type DeviceTreeNode } from '@trapline/devicetree';
import { decodeConduit, hcallCells, makeSymbolic, readEpaprNode, readHcallInstructions } from '@trapline/epapr';
import { describe, expect, test } from 'vitest';

const A64_HVC = 0xd400_0002;
const A64_SMC = 0xd400_0003;
const A32_HVC = 0xe140_0070;
const A32_SMC = 0xe160_0070;
const T32_HVC = 0xf7e0_8000;
const T32_SMC = 0xf7f0_8000;

/** A tree with a hypervisor node that holds these words, and CPUs of one kind. */
function treeWith(
  words: readonly number[],
  cpu = 'arm,cortex-a57',
  name = 'hcall-instructions',
): [DeviceTreeNode, DeviceTree] {
  const tree = new DeviceTree();
  tree.root.add('cpus').add('cpu@0', { compatible: cpu, device_type: 'cpu' });
  const node = tree.root.add('hypervisor', { compatible: 'epapr,hypervisor-1.1' });
  node.set(name, cells(...words));
  return [node, tree];
}

function swap32(word: number): number {
  return ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;
}

function swap16(word: number): number {
  return (((word & 0xff00ff) << 8) | ((word >>> 8) & 0xff00ff)) >>> 0;
}

describe('one meaning is a conduit', () => {
  test.for<[string, readonly number[], string, number, string]>([
    ['A64 HVC', [A64_HVC], 'hvc', 0, 'A64 HVC #0x0'],
    ['A64 SMC', [A64_SMC], 'smc', 0, 'A64 SMC #0x0'],
    ['A64 HVC with an immediate', [0xd401_d422], 'hvc', 0xea1, 'A64 HVC #0xea1'],
    ['A32 HVC', [A32_HVC], 'hvc', 0, 'A32 HVC #0x0'],
    ['A32 HVC with an immediate', [0xe140_ea71], 'hvc', 0xea1, 'A32 HVC #0xea1'],
    ['A32 SMC', [A32_SMC], 'smc', 0, 'A32 SMC #0x0'],
    ['T32 HVC', [T32_HVC], 'hvc', 0, 'T32 HVC #0x0'],
    ['T32 HVC with an immediate', [0xf7e0_8ea1], 'hvc', 0xea1, 'T32 HVC #0xea1'],
    ['T32 SMC', [T32_SMC], 'smc', 0, 'T32 SMC #0x0'],
    ['A64 HVC as it stands in memory', [swap32(A64_HVC)], 'hvc', 0, 'A64 HVC #0x0 (bytes in little-endian order)'],
    ['A32 SMC as it stands in memory', [swap32(A32_SMC)], 'smc', 0, 'A32 SMC #0x0 (bytes in little-endian order)'],
    ['T32 HVC as it stands in memory', [swap16(T32_HVC)], 'hvc', 0, 'T32 HVC #0x0 (bytes in little-endian order)'],
    ['A64 HVC, NOPs and RET', [A64_HVC, 0xd503_201f, 0xd503_201f, 0xd65f_03c0], 'hvc', 0, 'A64 HVC #0x0'],
    ['A32 HVC, NOP and BX LR', [A32_HVC, 0xe320_f000, 0xe12f_ff1e], 'hvc', 0, 'A32 HVC #0x0'],
    ['T32 HVC and two 16-bit instructions', [T32_HVC, 0xbf00_4770], 'hvc', 0, 'T32 HVC #0x0'],
  ])('%s', ([, words, conduit, immediate, reading]) => {
    const decoded = decodeConduit(...treeWith(words));
    const instead = immediate === 0 ? '' : ` and trapline,immediate = <0x${immediate.toString(16)}>`;
    expect(decoded).toEqual({
      conduit,
      immediate,
      why: `hcall-instructions reads as ${reading}; it was decoded, not executed`,
      diagnostics: [
        {
          severity: 'info',
          code: 'hcall-decoded',
          message: `hcall-instructions reads as ${reading}; write method = "${conduit}"${instead} in its place`,
        },
      ],
    });
  });
});

const INSTEAD = 'write method = "hvc" or method = "smc" in its place';

describe('anything else is a diagnostic that says what to write', () => {
  test.for<[string, readonly number[], string, string, string?]>([
    [
      'PowerPC’s sc 1',
      [0x4400_0022],
      'hcall-powerpc',
      `hcall-instructions holds sc 1, PowerPC's call instruction, which no Arm CPU executes; ${INSTEAD}`,
    ],
    [
      'sc 1 on PowerPC',
      [0x4400_0022, 0x6000_0000],
      'hcall-powerpc',
      "hcall-instructions holds sc 1, PowerPC's call instruction",
      'PowerPC,e500mc',
    ],
    [
      'no call at all',
      [0xd503_201f],
      'hcall-not-a-call',
      `hcall-instructions holds no call instruction of A64, A32 or T32; ${INSTEAD}`,
    ],
    [
      'A64 on CPUs that have none',
      [A64_HVC],
      'hcall-not-a-call',
      `hcall-instructions reads as A64 HVC #0x0, which the CPUs (arm,cortex-a15) do not execute; ${INSTEAD}`,
      'arm,cortex-a15',
    ],
    [
      'HVC and SMC',
      [A64_HVC, A64_SMC],
      'hcall-more-than-a-call',
      `hcall-instructions reads as A64 HVC #0x0, A64 SMC #0x0, but 2 calls stand there; ${INSTEAD}`,
    ],
    [
      'a number loaded before the call',
      [0xe3a0_c001, A32_HVC],
      'hcall-more-than-a-call',
      `hcall-instructions reads as A32 HVC #0x0, but beside the call 1 instruction does more; ${INSTEAD}`,
    ],
    [
      'a call under a condition',
      [0x0160_0070],
      'hcall-more-than-a-call',
      `hcall-instructions reads as A32 SMCEQ #0x0, but the call is made under a condition only; ${INSTEAD}`,
    ],
    [
      'five cells',
      [A64_HVC, A64_HVC, A64_HVC, A64_HVC, A64_HVC],
      'hcall-malformed',
      `hcall-instructions has 20 bytes where it has to have 1 to 4 cells; ${INSTEAD}`,
    ],
    ['nothing', [], 'hcall-malformed', `hcall-instructions has 0 bytes where it has to have 1 to 4 cells; ${INSTEAD}`],
  ])('%s', ([, words, code, message, cpu]) => {
    const decoded = decodeConduit(...treeWith(words, cpu));
    expect(decoded?.conduit).toBeNull();
    expect(decoded?.diagnostics).toEqual([{ severity: 'error', code, message }]);
  });

  test('calls of two instruction sets are listed, unless the CPUs or the reader rule one out', () => {
    const words = [A32_HVC, A64_SMC];
    const ambiguous = 'hcall-instructions reads as A64 SMC #0x0; A32 HVC #0x0: say which by method, and remove it';
    expect(decodeConduit(...treeWith(words))?.diagnostics).toEqual([
      { severity: 'error', code: 'hcall-ambiguous', message: ambiguous },
    ]);
    const alone = `hcall-instructions reads as A32 HVC #0x0, but beside the call 1 instruction does more; ${INSTEAD}`;
    expect(decodeConduit(...treeWith(words, 'arm,cortex-a7'))?.diagnostics[0]?.message).toBe(alone);
    expect(decodeConduit(...treeWith(words), { set: 'a32' })?.diagnostics[0]?.message).toBe(alone);
  });

  test('CPUs are known by device_type and by name too', () => {
    const [node, tree] = treeWith([0x4400_0022], 'fsl,e500mc');
    tree.require('/cpus/cpu@0').remove();
    tree.require('/cpus').add('PowerPC,e500mc@0', { device_type: 'cpu' });
    expect(decodeConduit(node, tree)?.diagnostics[0]?.message).toBe(
      "hcall-instructions holds sc 1, PowerPC's call instruction",
    );
    tree.require('/cpus').add('core@1', { device_type: 'cpu' });
    tree.require('/cpus/PowerPC,e500mc@0').remove();
    node.set('hcall-instructions', cells(A64_HVC));
    expect(decodeConduit(node, tree)?.conduit).toBe('hvc');
  });

  test('a property of another length than cells', () => {
    const [node, tree] = treeWith([A64_HVC]);
    node.set('hcall-instructions', new Uint8Array([2, 0, 0]));
    expect(decodeConduit(node, tree)?.diagnostics[0]?.message).toBe(
      `hcall-instructions has 3 bytes where it has to have 1 to 4 cells; ${INSTEAD}`,
    );
  });

  test('Linux’s other spelling is read and reported', () => {
    const decoded = decodeConduit(...treeWith([A64_HVC], 'arm,armv8', 'hypercall-instructions'));
    expect(decoded?.conduit).toBe('hvc');
    expect(decoded?.diagnostics.map(({ code }) => code)).toEqual(['hcall-decoded', 'hcall-misspelt']);
  });

  test('a node without instructions is nobody’s business here', () => {
    const tree = new DeviceTree();
    const node = tree.root.add('hypervisor', { compatible: 'epapr,hypervisor-1.1', method: 'hvc' });
    expect(decodeConduit(node, tree)).toBeUndefined();
    expect(makeSymbolic(tree)).toEqual([]);
  });
});

describe('all readings', () => {
  test('no call instruction of one set and order is one of another', () => {
    // So a node with one instruction has one meaning, whatever CPUs the tree names.
    let several = 0;
    for (let immediate = 0; immediate < 0x1_0000; immediate++) {
      for (const set of ['a64', 'a32', 't32'] as const) {
        const [word = 0] = hcallCells(set, 'hvc', immediate) ?? [];
        const bytes = new Uint8Array(4);
        new DataView(bytes.buffer).setUint32(0, word);
        if (readHcallInstructions(bytes).filter(({ pure }) => pure).length !== 1) several++;
      }
    }
    expect(several).toBe(0);
  });

  test('any bytes are read without a throw', () => {
    for (let seed = 0; seed < 20_000; seed++) {
      const bytes = Uint8Array.from({ length: seed % 19 }, (_, i) => Math.imul(seed + 1, 0x9e37_79b1 + 77 * i) >>> 24);
      expect(() => readHcallInstructions(bytes)).not.toThrow();
    }
  });
});

describe('the converter', () => {
  test('writes method in place of the instructions', () => {
    const [node, tree] = treeWith([0xd401_d422]);
    expect(makeSymbolic(tree)).toEqual([{ path: '/hypervisor', done: true, conduit: 'hvc', immediate: 0xea1 }]);
    expect(node.has('hcall-instructions')).toBe(false);
    expect(readEpaprNode(node)).toMatchObject({ method: 'hvc', immediate: 0xea1, instructions: undefined });
  });

  test('leaves out an immediate of 0', () => {
    const [node, tree] = treeWith([A32_SMC], 'arm,cortex-a15');
    makeSymbolic(tree);
    expect(node.properties.map(({ name }) => name)).toEqual(['compatible', 'method']);
  });

  test('leaves what cannot be read as it is, and says why', () => {
    const [node, tree] = treeWith([0x4400_0022]);
    const why = `hcall-instructions holds sc 1, PowerPC's call instruction, which no Arm CPU executes; ${INSTEAD}`;
    expect(makeSymbolic(tree)).toEqual([{ path: '/hypervisor', done: false, why }]);
    expect(node.has('hcall-instructions')).toBe(true);
    expect(node.has('method')).toBe(false);
  });

  test('only removes the instructions beside a method', () => {
    const [node, tree] = treeWith([0x4400_0022]);
    node.set('method', 'smc');
    expect(makeSymbolic(tree)).toEqual([{ path: '/hypervisor', done: true, conduit: 'smc', immediate: 0 }]);
    expect(node.has('hcall-instructions')).toBe(false);
  });

  test('the way back gives the cells that old software copies', () => {
    expect(hcallCells('a64', 'hvc', 0xea1)).toEqual([0xd401_d422]);
    expect(hcallCells('a32', 'smc', 16)).toBeUndefined();
    const [node, tree] = treeWith(hcallCells('t32', 'hvc', 0x4a48) ?? []);
    makeSymbolic(tree);
    expect(readEpaprNode(node)).toMatchObject({ method: 'hvc', immediate: 0x4a48 });
  });
});
