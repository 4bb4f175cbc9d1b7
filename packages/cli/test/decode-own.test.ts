import { describe, expect, it } from 'vitest';
import { trapline } from './harness.js';

describe('decode --interface', () => {
  it('explains a number that is the immediate', async () => {
    const { code, out } = await trapline(['decode', '--interface', 'gunyah', '0x6012', '0x11', '5']);
    expect(code).toBe(0);
    expect(out).toContain('0x00006012  DOORBELL_SEND');
    expect(out).toContain('HVC #0x6000 to #0x61ff, the number in the immediate');
    expect(out).toMatch(/x0\s+doorbell\s+capability\s+0x11/);
    expect(out).toContain('CSPACE_CAP_NULL 50');
  });

  it('explains a number in a register', async () => {
    const { out } = await trapline(['decode', '--interface', 'jailhouse', '5', '4', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      interface: 'jailhouse',
      how: 'HVC #0x4a48, the number in X0 or R0',
      call: { name: 'HYPERVISOR_GET_INFO', arguments: [{ name: 'type', text: 'NUM_CELLS' }] },
      notes: [],
    });
  });

  it('says so of numbers that are not declared', async () => {
    const { out } = await trapline(['decode', '--interface', 'jailhouse', '0x1_0000_0005']);
    expect(out).toContain('a call that no interface here declares');
    const other = await trapline(['decode', '--interface', 'gunyah', '0x6001', '--json']);
    expect(JSON.parse(other.out).call).toBeNull();
  });

  it('explains the immediates of Hyper-V and its control word', async () => {
    const { out } = await trapline(['decode', '--interface', 'hyperv-native', '1', '0x1_0001_0050', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      how: 'HVC #0x1 to #0x4, the number in the immediate',
      call: { name: 'HYPERCALL', arguments: { 0: { register: 'x0', text: 'GET_VP_REGISTERS, fast, 1 rep' } } },
    });
    const smccc = await trapline(['decode', '0x46000001', '0x1005d']);
    expect(smccc.out).toMatch(/x1\s+control\s+control\s+0x1005d/);
    expect(smccc.out).toContain('SIGNAL_EVENT, fast');
  });

  it("explains SCMI's doorbell under its usual number, and only where asked for it", async () => {
    const { out } = await trapline(['decode', '--interface', 'scmi', '0x82000010', '0x40100', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      call: { name: 'DOORBELL', arguments: [{ name: 'page' }, { name: 'offset' }] },
    });
    expect(JSON.parse((await trapline(['decode', '0x82000010', '--json'])).out).call).toBeNull();
  });

  it("explains Xen's hypercalls, and which sub-operation the first argument selects", async () => {
    const { out } = await trapline(['decode', '--interface', 'xen', '32', '4', '0x40001000', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      how: 'HVC #0xea1, the number in X16 or R12',
      call: { name: 'EVENT_CHANNEL_OP', arguments: [{ name: 'cmd' }, { name: 'arg', value: '0x40001000' }] },
      notes: ['command 4 is send: struct evtchn_send; since 3.0, public/event_channel.h'],
    });
    const list = await trapline(['decode', '--interface', 'xen', '20', '0']);
    expect(list.out).toContain('command 0 is mapGrantRef: a list of struct gnttab_map_grant_ref');
    expect((await trapline(['decode', '--interface', 'xen', '32', '0x100000004', '--json'])).out).toContain(
      '"notes": []',
    );
    expect((await trapline(['decode', '--interface', 'xen', '29', '99', '--json'])).out).toContain('"notes": []');
  });

  it('knows these only', async () => {
    const { code, err } = await trapline(['decode', '--interface', 'bao', '1']);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining("--interface knows xen, jailhouse, gunyah, hyperv-native and scmi, not 'bao'"),
    ]);
    const many = Array.from({ length: 18 }, () => '1');
    expect((await trapline(['decode', '--interface', 'gunyah', '0x6012', ...many])).code).toBe(2);
  });
});
