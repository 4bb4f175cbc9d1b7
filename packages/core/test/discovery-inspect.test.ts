import { BINDINGS, DIAGNOSTICS, inspectTree, type TreeInspection } from '@trapline/core';
import { DeviceTree, readDts } from '@trapline/devicetree';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

function inspect(body: string): TreeInspection {
  return inspectTree(readDts(`/dts-v1/; / { #address-cells = <2>; #size-cells = <2>; ${body} };`), {
    drivers: [{ name: 'psci', compatible: ['arm,psci', 'arm,psci-0.2', 'arm,psci-1.*'] }],
  });
}

/** The first interface, as far as it matters here. */
function first(body: string) {
  const found = inspect(body).interfaces[0];
  if (found === undefined) return {};
  const { interface: name, version, conduit, conduitSource, driver } = found;
  return { name, version, conduit, conduitSource, driver, codes: found.diagnostics.map(({ code }) => code) };
}

const PSCI = 'psci { compatible = "arm,psci-1.0"; method = "smc"; };';

describe('what a node is', () => {
  it.each([
    ['compatible = "arm,psci"; method = "smc"; cpu_on = <1>; cpu_off = <2>;', 'psci', '0.1', 'smc', 'property'],
    ['compatible = "arm,psci-0.2"; method = "hvc";', 'psci', '0.2', 'hvc', 'property'],
    ['compatible = "arm,psci-1.1", "arm,psci-1.0"; method = "hvc";', 'psci', '1.1', 'hvc', 'property'],
    ['compatible = "xen,xen-4.17", "xen,xen";', 'xen', '4.17', 'hvc', 'implied'],
    ['compatible = "xen,xen";', 'xen', null, 'hvc', 'implied'],
    ['compatible = "microsoft,hyperv";', 'hyperv', null, 'hvc', 'implied'],
    ['compatible = "vmware";', 'vmware', null, null, 'implied'],
    ['compatible = "gunyah-hypervisor-1.0", "gunyah-hypervisor";', 'gunyah', '1.0', 'hvc', 'implied'],
    ['compatible = "epapr,hypervisor-1.1"; hcall-instructions = <0x44000022>;', 'epapr', '1.1', null, null],
    ['compatible = "linaro,optee-tz"; method = "smc";', 'optee', null, 'smc', 'property'],
    ['compatible = "arm,sdei-1.0"; method = "hvc";', 'sdei', '1.0', 'hvc', 'property'],
    ['compatible = "qcom,scm-msm8916", "qcom,scm";', 'qcom-scm', null, 'smc', 'implied'],
    ['compatible = "amlogic,meson-gx-sm", "amlogic,meson-gxbb-sm";', 'meson-sm', null, 'smc', 'implied'],
    ['compatible = "xlnx,versal-firmware"; method = "smc";', 'zynqmp', null, 'smc', 'property'],
    ['compatible = "intel,agilex-svc"; method = "smc"; memory-region = <1>;', 'intel-svc', null, 'smc', 'property'],
    ['compatible = "tlm,trusted-foundations";', 'trusted-foundations', null, 'smc', 'implied'],
    ['compatible = "brcm,kona-smc";', 'brcm-smc', null, 'smc', 'implied'],
    ['compatible = "samsung,secure-firmware";', 'samsung-smc', null, 'smc', 'implied'],
    ['compatible = "acme,monitor"; method = "hvc";', 'unknown', null, 'hvc', 'property'],
    ['method = "smc";', 'unknown', null, 'smc', 'property'],
  ])('%s', (body, name, version, conduit, conduitSource) => {
    expect(first(`firmware { node { ${body} }; };`)).toMatchObject({ name, version, conduit, conduitSource });
  });

  it('takes the conduit of PSCI where the calls follow SMCCC', () => {
    const { interfaces } =
      inspect(`${PSCI} firmware { scmi { compatible = "arm,scmi-smc"; arm,smc-id = <1>; shmem = <1>; };
      kvm { compatible = "linux,kvm"; }; };`);
    expect(interfaces.map(({ conduit, conduitSource }) => [conduit, conduitSource])).toEqual([
      ['smc', 'property'],
      ['smc', 'smccc'],
      ['smc', 'smccc'],
    ]);
    expect(interfaces[1]?.why).toContain('/psci');
    expect(interfaces[1]?.diagnostics).toEqual([]);
    expect(interfaces[2]?.diagnostics.map(({ code }) => code)).toEqual(['kvm-has-no-node', 'kvm-over-smc']);
  });

  it('takes the conduit of OP-TEE where SCMI goes through it', () => {
    const scmi = 'scmi { compatible = "linaro,scmi-optee"; linaro,optee-channel-id = <0>; };';
    const { interfaces } = inspect(`${PSCI} ${scmi} optee { compatible = "linaro,optee-tz"; method = "hvc"; };`);
    expect(interfaces[1]).toMatchObject({ interface: 'scmi', conduit: 'hvc', conduitSource: 'smccc', diagnostics: [] });
    expect(first(scmi)).toMatchObject({ conduit: null, conduitSource: null, codes: ['optee-missing'] });
  });

  it('knows no conduit where the tree has no PSCI node that can be used', () => {
    const scmi = 'scmi { compatible = "arm,scmi-smc"; arm,smc-id = <1>; shmem = <1>; };';
    const nothing = { conduit: null, conduitSource: null, codes: ['smccc-missing'] };
    expect(first(scmi)).toMatchObject(nothing);
    expect(first(`${scmi} psci { compatible = "arm,psci-1.0"; };`)).toMatchObject(nothing);
    expect(first(`${scmi} psci { compatible = "arm,psci-1.0"; method = "smc"; status = "disabled"; };`)).toMatchObject(
      nothing,
    );
    expect(first(`${scmi} psci { compatible = "arm,psci"; method = "smc"; };`)).toMatchObject({
      conduit: 'smc',
      codes: ['smccc-unlikely'],
    });
  });

  it('goes by compatible alone under /reserved-memory', () => {
    const { interfaces } = inspect(`reserved-memory {
      hypervisor@80000000 { no-map; };
      optee@90000000 { method = "smc"; };
      firmware@a0000000 { compatible = "samsung,secure-firmware"; reg = <0 0xa0000000 0 0x1000>; };
    };`);
    expect(interfaces.map(({ path }) => path)).toEqual(['/reserved-memory/firmware@a0000000']);
  });

  it('is not deceived by names and longer compatible strings', () => {
    expect(first('hypervisor { compatible = "xen,xenvm-4.2"; };')).toEqual({});
    expect(first('psci { compatible = "arm,psci-2.0"; };')).toEqual({});
    expect(first('scmi { compatible = "arm,scmi"; };')).toEqual({});
    expect(first('node { method = "SMC"; };')).toEqual({});
  });

  it('goes by the first compatible string it knows', () => {
    expect(first('node { compatible = "acme,x", "arm,psci-0.2", "arm,psci"; method = "smc"; };')).toMatchObject({
      version: '0.2',
      codes: [],
    });
    const both = inspect(`${PSCI} hypervisor { compatible = "linux,kvm", "epapr,hypervisor-0.2"; };`).interfaces[1];
    expect(both).toMatchObject({ interface: 'kvm', version: null });
    expect(both?.diagnostics[0]?.code).toBe('several-interfaces');
  });
});

describe('what is wrong with a node', () => {
  it.each([
    ['psci { compatible = "arm,psci-1.0"; };', ['method-missing']],
    ['psci { compatible = "arm,psci-1.0"; method = "HVC"; };', ['method-invalid']],
    ['psci { compatible = "arm,psci-1.0"; method = "hvc", "smc"; };', ['method-invalid']],
    ['psci { compatible = "arm,psci-1.0"; method = <1>; };', ['method-invalid']],
    ['psci { compatible = "arm,psci"; method = "smc"; };', ['property-missing', 'property-missing']],
    ['psci { compatible = "arm,psci"; method = "smc"; cpu_on = <1 2>; cpu_off = <2>; };', ['property-malformed']],
    ['psci { compatible = "arm,psci-1.4", "arm,psci-1.0"; method = "smc"; };', ['version-newer']],
    ['psci { compatible = "arm,psci-1.1"; method = "smc"; };', ['no-fallback']],
    ['psci { compatible = "arm,psci-1.x", "arm,psci-1.0"; method = "smc"; };', ['version-unreadable']],
    ['psci { compatible = "arm,psci-1.0"; method = "smc"; status = "disabled"; };', ['status-not-okay']],
    ['psci { compatible = "arm,psci-1.0"; method = "smc"; status = <1>; };', ['property-malformed']],
    ['a { status = "fail"; psci { compatible = "arm,psci-1.0"; method = "smc"; }; };', ['parent-not-okay']],
    ['hypervisor { compatible = "xen,xen-4.17"; };', ['property-missing', 'property-missing']],
    ['hypervisor { compatible = "xen,xen-4.99"; reg = <0>; interrupts = <1>; };', ['version-newer']],
    ['hypervisor { compatible = "xen,xen", "xen,xen-4.2"; reg = <0>; interrupts = <1>; };', ['version-not-first']],
    ['hypervisor { compatible = "xen,xen-"; reg = <0>; interrupts-extended = <1>; };', ['version-unreadable']],
    ['xen { compatible = "xen,xen-4.2"; reg = <0>; interrupts = <1>; };', ['wrong-path']],
    [
      'hypervisor { compatible = "xen,xen-4.2"; method = "smc"; reg; interrupts = <1>; };',
      ['property-malformed', 'method-ignored'],
    ],
    [
      'hypervisor { compatible = "xen,xen-4.99"; method = "SMC"; reg = <0>; interrupts = <1>; };',
      ['version-newer', 'method-invalid'],
    ],
    ['hypervisor { compatible = "epapr,hypervisor-1.1"; };', ['method-missing']],
    ['hypervisor { compatible = "epapr,hypervisor-1.1"; hcall-instructions = <1>; };', ['hcall-not-decoded']],
    [
      'hypervisor { compatible = "epapr,hypervisor-1.1"; method = "hvc"; hcall-instructions = <1>; };',
      ['hcall-ignored'],
    ],
    ['hypervisor { compatible = "vmware"; };', ['trapped-register']],
    ['node { method = "hvc"; compatible = <1>; };', ['compatible-malformed']],
    ['node { method = "hvc"; };', ['unknown-interface']],
    ['optee { compatible = "linaro,optee-tz"; method = "smc"; status = "ok"; };', []],
  ])('%s', (body, codes) => {
    expect(first(body).codes).toEqual(codes);
  });

  it('takes the method of a Xen that is newer than any known, or of no version', () => {
    const node = (compatible: string) =>
      inspect(`hypervisor { compatible = ${compatible}; method = "smc"; reg = <0>; interrupts = <1>; };`).interfaces[0];
    const { conduit, conduitSource } = node('"xen,xen-5.0", "xen,xen"') ?? {};
    expect([conduit, conduitSource]).toEqual(['smc', 'property']);
    expect(node('"xen,xen"')?.conduit).toBe('smc');
    expect(node('"xen,xen-4.20", "xen,xen"')?.conduit).toBe('hvc');
  });

  it('says where the first node of an interface is that there is one of', () => {
    const { interfaces } = inspect(`${PSCI} firmware { ${PSCI} };`);
    expect(interfaces[1]?.diagnostics[0]).toMatchObject({ severity: 'warning', code: 'duplicate-interface' });
    expect(interfaces[1]?.diagnostics[0]?.message).toContain('/psci');
  });

  it('names a driver only where the node can be used', () => {
    expect(first(PSCI).driver).toBe('psci');
    expect(first('psci { compatible = "arm,psci-1.0"; };').driver).toBeNull();
    expect(first('psci { compatible = "arm,psci-1.0"; method = "smc"; status = "disabled"; };').driver).toBeNull();
    expect(first('optee { compatible = "linaro,optee-tz"; method = "smc"; };').driver).toBeNull();
  });

  it('never throws, whatever bytes the properties hold', () => {
    const names = ['compatible', 'method', 'status', 'reg', 'cpu_on', '#address-cells', 'enable-method', 'device_type'];
    const texts = [
      'arm,psci-1.0',
      'arm,psci',
      'hvc',
      'smc',
      'okay',
      'cpu',
      'psci',
      'xen,xen-4.17',
      'linux,kvm',
      'vmware',
    ];
    const value = fc.oneof(fc.uint8Array({ maxLength: 12 }), fc.constantFrom(...texts));
    const properties = fc.dictionary(fc.constantFrom(...names), value);
    fc.assert(
      fc.property(properties, properties, properties, (a, b, c) => {
        const tree = new DeviceTree();
        tree.add('cpus', a).add('cpu@0', b);
        tree.add('hypervisor', c).add('psci', a);
        const { interfaces, diagnostics } = inspectTree(tree);
        for (const { severity, code } of [...diagnostics, ...interfaces.flatMap((found) => found.diagnostics)]) {
          expect(severity).toBe(DIAGNOSTICS[code].severity);
        }
      }),
    );
  });
});

describe('the CPUs', () => {
  const cpus = (body: string, cells = 1): TreeInspection =>
    inspect(`cpus { #address-cells = <${cells}>; #size-cells = <0>; ${body} };`);
  const codes = ({ diagnostics }: TreeInspection): string[] => diagnostics.map(({ code }) => code);

  it('are the children of /cpus that are called cpu or say so', () => {
    const found = cpus(`cpu-map { }; cpu@0 { reg = <0>; }; core@100 { device_type = "cpu"; reg = <0x100>; };
      l2-cache { device_type = "cache"; };`);
    expect(found.cpus).toEqual([
      { path: '/cpus/cpu@0', mpidr: '0x0', enableMethod: null },
      { path: '/cpus/core@100', mpidr: '0x100', enableMethod: null },
    ]);
    expect(codes(found)).toEqual([]);
  });

  it('have Aff3 in the first of two cells', () => {
    expect(cpus('cpu@100000002 { reg = <1 2>; };', 2).cpus[0]?.mpidr).toBe('0x100000002');
  });

  it('have no bit 31 of MPIDR', () => {
    const found = cpus('cpu@80000003 { reg = <0x80000003>; };');
    expect(found.cpus[0]?.mpidr).toBe('0x3');
    expect(codes(found)).toEqual(['cpu-reg-reserved']);
  });

  it.each([
    ['cpu { };', 1, ['cpu-reg-missing']],
    ['cpu@0 { reg = <0 0>; };', 1, ['cpu-reg-malformed']],
    ['cpu@0 { reg = <0>; };', 3, ['cpu-reg-malformed']],
    ['cpu@0 { reg = <0>; }; cpu@1 { reg = <0>; };', 1, ['cpu-reg-duplicate', 'cpu-unit-address']],
    ['cpu@10 { reg = <0xa>; }; cpu@11 { reg = <0xb>; };', 1, ['cpu-unit-address']],
    ['cpu@0 { reg = <0>; enable-method = "psci"; };', 1, ['psci-missing']],
    ['cpu@0 { reg = <0>; enable-method = <1>; };', 1, ['property-malformed']],
  ])('%s with %i address cells', (body, cells, expected) => {
    expect(codes(cpus(body, cells))).toEqual(expected);
  });

  it('may be enabled by a PSCI node that is there', () => {
    const found = inspect(`${PSCI} cpus { #address-cells = <1>; #size-cells = <0>;
      cpu@0 { reg = <0>; enable-method = "psci"; }; };`);
    expect(found.cpus).toEqual([{ path: '/cpus/cpu@0', mpidr: '0x0', enableMethod: 'psci' }]);
    expect(found.diagnostics).toEqual([]);
  });
});

describe('the table of bindings', () => {
  it('gives every compatible string to one binding', () => {
    const all = BINDINGS.flatMap(({ compatible }) => compatible);
    expect(new Set(all).size).toBe(all.length);
    const prefixes = all.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
    for (const prefix of prefixes)
      expect(all.filter((name) => !name.endsWith('*') && name.startsWith(prefix))).toEqual([]);
  });
});
