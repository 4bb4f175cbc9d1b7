import { readDts } from '@trapline/devicetree';
import { describe, expect, it } from 'vitest';
import { trapline } from './harness.js';

function tree(properties: string): Uint8Array {
  return new TextEncoder().encode(`/dts-v1/; / {
    cpus { #address-cells = <1>; #size-cells = <0>; cpu@0 { device_type = "cpu"; compatible = "arm,cortex-a15"; reg = <0>; }; };
    hypervisor { compatible = "epapr,hypervisor-1.1"; ${properties} };
  };`);
}

describe('inspect of machine instructions', () => {
  it('tells the conduit that they read as, without executing them', async () => {
    const stdin = () => tree('hcall-instructions = <0xe1400070>;');
    const { code, out } = await trapline(['inspect', '--json', '-'], { stdin });
    const [{ interfaces }] = JSON.parse(out);
    expect(code).toBe(0);
    expect(interfaces[0]).toMatchObject({
      interface: 'epapr',
      version: '1.1',
      conduit: 'hvc',
      conduitSource: 'decoded',
      driver: 'epapr',
      diagnostics: [
        {
          severity: 'info',
          code: 'hcall-decoded',
          message: 'hcall-instructions reads as A32 HVC #0x0; write method = "hvc" in its place',
        },
      ],
    });
  });
});

describe('inspect --fix', () => {
  it('prints the tree with method in their place', async () => {
    const stdin = () => tree('hcall-instructions = <0xe140ea71>; has-idle;');
    const { code, out, err } = await trapline(['inspect', '--fix', '-'], { stdin });
    expect(err).toBe(
      'trapline: /hypervisor: method = "hvc", trapline,immediate = <0xea1> in place of machine instructions\n',
    );
    const node = readDts(out).require('/hypervisor');
    expect(node.properties.map(({ name }) => name)).toEqual(['compatible', 'has-idle', 'method', 'trapline,immediate']);
    expect(code).toBe(0);
    const again = await trapline(['inspect', '--strict', '-'], { stdin: () => new TextEncoder().encode(out) });
    expect(again.code).toBe(0);
  });

  it('leaves what it cannot read, says why, and ends with 1', async () => {
    const stdin = () => tree('hcall-instructions = <0x44000022>;');
    const { code, out, err } = await trapline(['inspect', '--fix', '-'], { stdin });
    expect(code).toBe(1);
    expect(err).toContain("/hypervisor: left as it is: hcall-instructions holds sc 1, PowerPC's call instruction");
    expect(out).toContain('hcall-instructions = <0x44000022>;');
  });

  it('says so where there is nothing to do', async () => {
    const stdin = () => tree('method = "smc";');
    const { code, err } = await trapline(['inspect', '--fix', '-'], { stdin });
    expect([code, err]).toEqual([0, 'trapline: -: no node with machine instructions\n']);
  });

  it.each([
    [['inspect', '--fix'], 'name a device tree'],
    [['inspect', '--fix', 'a', 'b'], '--fix takes one device tree'],
    [['inspect', '--fix', '--json', 'a'], '--fix goes with no other option'],
  ])('%j is wrong usage', async (argv, message) => {
    const { code, err } = await trapline(argv);
    expect([code, err.includes(message)]).toEqual([2, true]);
  });

  it('a file that is not there is said in one line', async () => {
    const { code, err } = await trapline(['inspect', '--fix', '/nowhere/board.dtb']);
    expect(code).toBe(1);
    expect(err).toContain('no such file or directory');
  });
});
