import type { ConduitKind } from '../abi/convention.js';

/** How a node's conduit follows from the node. */
export type ConduitRule =
  /** The property `method` says it: "hvc" or "smc". */
  | { readonly from: 'method' }
  /** The ABI has one way only; `conduit` is undefined where that way is a trapped register. */
  | {
      readonly from: 'compatible';
      readonly conduit: ConduitKind | undefined;
      readonly why: string;
      /** Whether `method` counts on nodes whose version is not known here: a later ABI may have other ways. */
      readonly laterByMethod?: boolean;
    }
  /** Calls follow the SMC Calling Convention and take the conduit of the PSCI node. */
  | { readonly from: 'smccc' }
  /** Calls go through OP-TEE and take the conduit of its node. */
  | { readonly from: 'optee' }
  /** `method` says it, or else machine instructions in `hcall-instructions` have to be read. */
  | { readonly from: 'hcall-instructions' };

/** A property without which software cannot use the node. */
export interface RequiredProperty {
  readonly name: string;
  /** A property that may stand in its place. */
  readonly or?: string;
  /** Whether it is exactly one cell. */
  readonly cell?: boolean;
  /** What it is for, as the end of a sentence. */
  readonly purpose: string;
  /** Only nodes of this version need it. */
  readonly version?: string;
}

/** One interface as device trees describe it. */
export interface Binding {
  readonly interface: string;
  /** Compatible strings; a trailing `*` stands for any ending. */
  readonly compatible: readonly string[];
  readonly conduit: ConduitRule;
  /** The document or source that defines the node. */
  readonly source: string;
  /** What stands before the version in a compatible string. */
  readonly versionAfter?: string;
  /** Versions of compatible strings that do not spell theirs. */
  readonly versions?: Readonly<Record<string, string>>;
  /** The newest version whose calls are known here. */
  readonly newest?: string;
  readonly required?: readonly RequiredProperty[];
  /** The only path at which software looks for the node, and which software that is. */
  readonly place?: { readonly path: string; readonly reader: string };
  /** Whether a tree has at most one. */
  readonly single?: boolean;
}

/** Below this child of the root only what {@link BINDINGS} names is an interface: memory is often called by its owner. */
export const RESERVED_MEMORY = 'reserved-memory';

const scmiRequired: readonly RequiredProperty[] = [
  { name: 'arm,smc-id', cell: true, purpose: 'the function id of the doorbell call' },
  { name: 'shmem', purpose: 'the memory that holds the messages' },
];

/**
 * The call interfaces that device trees describe. Sources are paths in Linux, where most of the bindings live.
 *
 * A node is what the first of its compatible strings found here says.
 */
export const BINDINGS: readonly Binding[] = [
  {
    interface: 'psci',
    compatible: ['arm,psci', 'arm,psci-0.2', 'arm,psci-1.*'],
    conduit: { from: 'method' },
    source: 'Documentation/devicetree/bindings/arm/psci.yaml',
    versionAfter: 'arm,psci-',
    versions: { 'arm,psci': '0.1' },
    newest: '1.3',
    required: [
      { name: 'cpu_on', cell: true, version: '0.1', purpose: 'the function id of CPU_ON, which PSCI 0.1 does not fix' },
      {
        name: 'cpu_off',
        cell: true,
        version: '0.1',
        purpose: 'the function id of CPU_OFF, which PSCI 0.1 does not fix',
      },
    ],
    single: true,
  },
  {
    interface: 'xen',
    compatible: ['xen,xen', 'xen,xen-*'],
    conduit: {
      from: 'compatible',
      conduit: 'hvc',
      why: 'Xen takes hypercalls by HVC with immediate 0xEA1 only',
      laterByMethod: true,
    },
    source: 'Documentation/devicetree/bindings/arm/xen.txt',
    versionAfter: 'xen,xen-',
    newest: '4.20',
    required: [
      { name: 'reg', purpose: 'the address space for the grant table' },
      { name: 'interrupts', or: 'interrupts-extended', purpose: 'the event channel interrupt' },
    ],
    place: { path: '/hypervisor', reader: 'Linux' },
    single: true,
  },
  {
    interface: 'kvm',
    compatible: ['linux,kvm'],
    conduit: { from: 'smccc' },
    source: 'Documentation/virt/kvm/ppc-pv.rst',
    single: true,
  },
  {
    interface: 'epapr',
    compatible: ['epapr,hypervisor-*'],
    conduit: { from: 'hcall-instructions' },
    source: 'Power.org ePAPR 1.1, the chapter on virtualization; arch/powerpc/kernel/epapr_paravirt.c of Linux',
    versionAfter: 'epapr,hypervisor-',
    newest: '1.1',
    single: true,
  },
  {
    interface: 'hyperv',
    compatible: ['microsoft,hyperv'],
    conduit: { from: 'compatible', conduit: 'hvc', why: 'Hyper-V on arm64 takes hypercalls by HVC only' },
    source: 'arch/arm64/hyperv/mshyperv.c, which looks for it',
    place: { path: '/hypervisor', reader: 'Linux' },
    single: true,
  },
  {
    interface: 'vmware',
    compatible: ['vmware'],
    conduit: { from: 'compatible', conduit: undefined, why: 'VMware traps reads of a debug register, not HVC or SMC' },
    source: "systemd's detection of virtualization, src/basic/virt.c",
    single: true,
  },
  {
    interface: 'gunyah',
    compatible: ['gunyah-hypervisor', 'gunyah-hypervisor-*'],
    conduit: { from: 'compatible', conduit: 'hvc', why: 'Gunyah takes hypercalls by HVC 0x6000 to 0x61ff only' },
    source: 'Documentation/devicetree/bindings/firmware/gunyah-hypervisor.yaml',
    versionAfter: 'gunyah-hypervisor-',
    single: true,
  },
  {
    interface: 'optee',
    compatible: ['linaro,optee-tz'],
    conduit: { from: 'method' },
    source: 'Documentation/devicetree/bindings/arm/firmware/linaro,optee-tz.yaml',
    single: true,
  },
  {
    interface: 'sdei',
    compatible: ['arm,sdei-1.0'],
    conduit: { from: 'method' },
    source: 'Documentation/devicetree/bindings/arm/firmware/sdei.txt',
    versionAfter: 'arm,sdei-',
    newest: '1.0',
    single: true,
  },
  {
    interface: 'scmi',
    compatible: ['arm,scmi-smc', 'arm,scmi-smc-param', 'qcom,scmi-smc'],
    conduit: { from: 'smccc' },
    source: 'Documentation/devicetree/bindings/firmware/arm,scmi.yaml',
    required: scmiRequired,
  },
  {
    interface: 'scmi',
    compatible: ['linaro,scmi-optee'],
    conduit: { from: 'optee' },
    source: 'Documentation/devicetree/bindings/firmware/arm,scmi.yaml',
    required: [{ name: 'linaro,optee-channel-id', cell: true, purpose: 'the channel of the SCMI trusted application' }],
  },
  {
    interface: 'qcom-scm',
    compatible: ['qcom,scm', 'qcom,scm-*'],
    conduit: { from: 'compatible', conduit: 'smc', why: "Qualcomm's secure channel manager is called by SMC only" },
    source: 'Documentation/devicetree/bindings/firmware/qcom,scm.yaml',
    single: true,
  },
  {
    interface: 'meson-sm',
    compatible: ['amlogic,meson-gxbb-sm'],
    conduit: { from: 'compatible', conduit: 'smc', why: "Amlogic's secure monitor is called by SMC only" },
    source: 'Documentation/devicetree/bindings/firmware/amlogic,meson-gxbb-sm.yaml',
    single: true,
  },
  {
    interface: 'zynqmp',
    compatible: ['xlnx,zynqmp-firmware', 'xlnx,versal-firmware', 'xlnx,versal-net-firmware'],
    conduit: { from: 'method' },
    source: 'Documentation/devicetree/bindings/firmware/xilinx/xlnx,zynqmp-firmware.yaml',
    single: true,
  },
  {
    interface: 'intel-svc',
    compatible: ['intel,stratix10-svc', 'intel,agilex-svc'],
    conduit: { from: 'method' },
    source: 'Documentation/devicetree/bindings/firmware/intel,stratix10-svc.yaml',
    required: [{ name: 'memory-region', purpose: 'the memory shared with the secure device manager' }],
    single: true,
  },
  {
    interface: 'trusted-foundations',
    compatible: ['tlm,trusted-foundations'],
    conduit: { from: 'compatible', conduit: 'smc', why: 'Trusted Foundations is called by SMC only' },
    source: 'Documentation/devicetree/bindings/arm/firmware/tlm,trusted-foundations.txt',
    required: [
      { name: 'tlm,version-major', cell: true, purpose: "the monitor's major version" },
      { name: 'tlm,version-minor', cell: true, purpose: "the monitor's minor version" },
    ],
    single: true,
  },
  {
    interface: 'brcm-smc',
    compatible: ['brcm,kona-smc'],
    conduit: { from: 'compatible', conduit: 'smc', why: "Broadcom's Kona monitor is called by SMC only" },
    source: 'Documentation/devicetree/bindings/firmware/brcm,kona-smc.yaml',
    required: [{ name: 'reg', purpose: 'the bounce buffer of the calls' }],
    single: true,
  },
  {
    interface: 'samsung-smc',
    compatible: ['samsung,secure-firmware'],
    conduit: { from: 'compatible', conduit: 'smc', why: "Samsung's secure firmware is called by SMC only" },
    source: 'Documentation/devicetree/bindings/arm/samsung/samsung-secure-firmware.yaml',
    required: [{ name: 'reg', purpose: 'the memory shared with the firmware' }],
    single: true,
  },
];
