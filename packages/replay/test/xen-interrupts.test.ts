import { describe, expect, it } from 'vitest';
import { guest, hypercall, ONE, playToy, wordsOf } from './toy-xen.js';

const GICR = 0x303_0000;
const mmio = (offset: number, value: string, more: object = {}) =>
  guest('mmio', { addr: `0x${(GICR + offset).toString(16)}`, size: 4, value, ...more });
const sysreg = (name: string, value: string, more: object = {}) => guest('sysreg', { name, value, ...more });
const read = (name: string, value: string, more: object = {}) => ({ op: 'sysreg', name, value, ...more });
const readDevice = (offset: number, value: string) =>
  read('register', value, { mmio: { addr: `0x${(GICR + offset).toString(16)}`, size: 4 } });
const OPEN = [sysreg('ICC_PMR_EL1', '0xf0'), sysreg('ICC_IGRPEN1_EL1', '0x1')];
const BIT = '0x80000000';
const ENABLE = mmio(0x100, BIT);
const DISABLE = mmio(0x180, BIT);
const SIGNAL = hypercall(2, [1, 0], '0x0');
const isr = (pending: boolean) => read('ISR_EL1', pending ? '0x80' : '0x0');
const ack = (intid: number) => guest('ack', { intid });
const eoi = (intid: number) => guest('eoi', { intid });

/** Each list of steps as real Xen answers it, by its source (vgic.c, gic-vgic.c, vgic-v3.c of 4.17). */
const CASES: readonly (readonly [string, readonly object[]])[] = [
  ['an enabled interrupt is signalled and taken', [...OPEN, ENABLE, SIGNAL, isr(true), ack(31), isr(false), eoi(31)]],
  [
    'nothing is signalled below the mask a vCPU begins with',
    [sysreg('ICC_IGRPEN1_EL1', '0x1'), ENABLE, SIGNAL, isr(false)],
  ],
  [
    'nothing is signalled while the group is disabled',
    [sysreg('ICC_PMR_EL1', '0xf0'), ENABLE, SIGNAL, isr(false), read('ICC_HPPIR1_EL1', '0x3ff')],
  ],
  [
    'the mask hides an interrupt from acknowledge and not from ICC_HPPIR1_EL1',
    [...OPEN, ENABLE, SIGNAL, sysreg('ICC_PMR_EL1', '0x0'), ack(1023), read('ICC_HPPIR1_EL1', '0x1f')],
  ],
  ['an interrupt stays latched while it is disabled', [...OPEN, SIGNAL, isr(false), ENABLE, isr(true), ack(31)]],
  [
    'ICPENDR0 takes nothing away, and pending cannot be read',
    [...OPEN, SIGNAL, mmio(0x280, BIT), readDevice(0x200, '0x0'), ENABLE, isr(true)],
  ],
  ['disabling does not take away what is in a list register', [...OPEN, ENABLE, SIGNAL, DISABLE, isr(true), ack(31)]],
  ['once more while it is pending is once', [...OPEN, ENABLE, SIGNAL, SIGNAL, ack(31), eoi(31), ack(1023)]],
  [
    'once more while it is active is again after its end',
    [...OPEN, ENABLE, SIGNAL, ack(31), SIGNAL, isr(false), eoi(31), isr(true), ack(31), eoi(31), ack(1023)],
  ],
  [
    'once more while it is active and disabled is lost',
    [...OPEN, ENABLE, SIGNAL, ack(31), DISABLE, SIGNAL, eoi(31), ENABLE, isr(false)],
  ],
  ['ISPENDR0 injects', [...OPEN, ENABLE, mmio(0x200, BIT), isr(true)]],
  ['a store to ISACTIVER0 aborts', [mmio(0x300, BIT, { exception: { kind: 'sync' } })]],
  [
    'enables read the same from both registers',
    [
      readDevice(0x100, '0x0'),
      ENABLE,
      readDevice(0x100, BIT),
      readDevice(0x180, BIT),
      DISABLE,
      readDevice(0x100, '0x0'),
    ],
  ],
  [
    'the priority counts that an interrupt was injected with',
    [...OPEN, ENABLE, mmio(0x41c, '0xf8000000'), SIGNAL, isr(false), readDevice(0x41c, '0xf8000000')],
  ],
  [
    'an interrupt of higher priority comes before the one that is handled',
    [
      ...OPEN,
      mmio(0x100, '0xc0000000'),
      mmio(0x41c, '0x80400000'),
      SIGNAL,
      ack(31),
      mmio(0x200, '0x40000000'),
      ack(30),
    ],
  ],
  [
    'one of lower priority waits for the end of the other',
    [
      ...OPEN,
      mmio(0x100, '0xc0000000'),
      mmio(0x41c, '0x40800000'),
      SIGNAL,
      ack(31),
      mmio(0x200, '0x40000000'),
      ack(1023),
      eoi(31),
      ack(30),
    ],
  ],
  [
    'registers that are not implemented read as zero',
    [mmio(0x80, BIT), readDevice(0x80, '0x0'), mmio(0xc04, '0x2'), readDevice(0xc04, '0x2'), readDevice(0xc00, '0x0')],
  ],
  [
    'an interrupt for a vCPU that is off is dropped',
    [
      hypercall(2, [1, 1], '0x0'),
      hypercall(9, [1, 0x4008_0000], '0x0'),
      { op: 'entry', cpu: 1, pc: '0x40080000', regs: {} },
      sysreg('ICC_PMR_EL1', '0xf0', { cpu: 1 }),
      sysreg('ICC_IGRPEN1_EL1', '0x1', { cpu: 1 }),
      guest('mmio', { cpu: 1, addr: '0x3050100', size: 4, value: BIT }),
      read('ISR_EL1', '0x0', { cpu: 1 }),
    ],
  ],
  [
    'ICC_IAR1_EL1 is not read a second time',
    [...OPEN, ENABLE, SIGNAL, ack(31), read('ICC_IAR1_EL1', '0x1f', { readBy: 'ack' })],
  ],
  [
    'ICC_SRE_EL1, ICC_PMR_EL1, ICC_IGRPEN1_EL1 and SPSel read what they hold',
    [
      read('ICC_SRE_EL1', '0x7'),
      ...OPEN,
      read('ICC_PMR_EL1', '0xf0'),
      read('ICC_IGRPEN1_EL1', '0x1'),
      sysreg('SPSel', '0x0'),
      read('SPSel', '0x0'),
      sysreg('VBAR', '0x800'),
      read('VBAR_EL1', '0x800'),
    ],
  ],
  [
    'the virtual timer interrupts once and is masked',
    [
      ...OPEN,
      mmio(0x100, '0x8000000'),
      sysreg('CNTV_TVAL_EL0', '0x1', { relative: true, deltaNs: 2_000_000 }),
      sysreg('CNTV_CTL_EL0', '0x1'),
      isr(false),
      { op: 'delay', ms: 3 },
      isr(true),
      read('CNTV_CTL_EL0', '0x7'),
      ack(27),
      sysreg('CNTV_CVAL_EL0', '0x0', { relative: true, deltaNs: 1000 }),
      read('CNTV_CTL_EL0', '0x3'),
    ],
  ],
];

describe('the interrupt controller that Xen shows a domain', () => {
  it.each(CASES)('%s', (_, steps) => {
    expect(wordsOf(playToy(ONE, steps))).toEqual([]);
  });

  it('says what it does not model', () => {
    const steps = [
      mmio(0x500, '0x0'),
      readDevice(0x500, '0x0'),
      sysreg('ICC_SGI1R_EL1', '0x1'),
      read('ICC_AP1R0_EL1', '0x0'),
    ];
    expect(wordsOf(playToy(ONE, steps)).map(([, , , , reason]) => reason)).toEqual([
      'no device register is modelled at 0x3030500',
      'no device register is modelled at 0x3030500',
      'no CPU here has ICC_SGI1R_EL1',
      'no CPU here has ICC_AP1R0_EL1',
    ]);
  });

  it('is seen through where an observation is wrong', () => {
    const steps = [...OPEN, ENABLE, SIGNAL, isr(false), ack(30), read('CNTV_CTL_EL0', '0x1'), readDevice(0x100, '0x0')];
    expect(wordsOf(playToy(ONE, steps)).map(([step]) => step)).toEqual([4, 5, 6, 7]);
  });
});
