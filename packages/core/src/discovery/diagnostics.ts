/** How much a diagnostic matters: `error` where software that follows the binding cannot use what the tree describes. */
export type Severity = 'error' | 'warning' | 'info';

/** What a code always means. */
export interface DiagnosticMeaning {
  readonly severity: Severity;
  readonly meaning: string;
}

/** Every code that an inspection can give. Codes are stable; messages are for people and may change. */
export const DIAGNOSTICS = {
  'method-missing': { severity: 'error', meaning: 'the interface needs `method`, and the node has none' },
  'method-invalid': { severity: 'error', meaning: '`method` is neither "hvc" nor "smc"' },
  'method-ignored': { severity: 'warning', meaning: 'the interface has one conduit, and `method` says another' },
  'smccc-missing': {
    severity: 'error',
    meaning: 'calls take the conduit of PSCI, and the tree has no usable PSCI node',
  },
  'smccc-unlikely': {
    severity: 'warning',
    meaning: 'calls need SMCCC 1.1, whose discovery begins with PSCI 1.0; the PSCI node says 0.1',
  },
  'optee-missing': { severity: 'error', meaning: 'calls go through OP-TEE, and the tree has no usable OP-TEE node' },
  'hcall-not-decoded': { severity: 'warning', meaning: '`hcall-instructions` is not decoded, so no conduit is known' },
  'hcall-decoded': { severity: 'info', meaning: '`hcall-instructions` reads as one call, which `method` would name' },
  'hcall-ignored': {
    severity: 'info',
    meaning: '`method` says how calls are made; `hcall-instructions` is not needed',
  },
  'hcall-misspelt': { severity: 'warning', meaning: 'the instructions stand under a name that is not in ePAPR' },
  'hcall-malformed': { severity: 'error', meaning: '`hcall-instructions` is not 1 to 4 cells' },
  'hcall-ambiguous': { severity: 'error', meaning: '`hcall-instructions` can be read as different calls' },
  'hcall-more-than-a-call': { severity: 'error', meaning: '`hcall-instructions` does more than make one call' },
  'hcall-not-a-call': { severity: 'error', meaning: '`hcall-instructions` holds no call that the CPUs execute' },
  'hcall-powerpc': { severity: 'error', meaning: "`hcall-instructions` holds PowerPC's call instruction" },
  'trapped-register': { severity: 'info', meaning: 'calls are accesses to a register, neither HVC nor SMC' },
  'kvm-has-no-node': {
    severity: 'info',
    meaning: 'KVM on ARM is found by its vendor UID; no binding puts a node there',
  },
  'kvm-over-smc': { severity: 'warning', meaning: 'KVM is looked for by HVC only, and PSCI here takes SMC' },
  'unknown-interface': { severity: 'info', meaning: 'only `method` says that calls are taken here' },
  'several-interfaces': { severity: 'warning', meaning: '`compatible` names two interfaces; the first one counts' },
  'duplicate-interface': { severity: 'warning', meaning: 'an interface of which there is one has another node' },
  'compatible-malformed': { severity: 'error', meaning: '`compatible` is no list of strings' },
  'status-not-okay': { severity: 'warning', meaning: '`status` says that the node is not to be used' },
  'parent-not-okay': { severity: 'warning', meaning: 'a node above is not to be used' },
  'property-missing': { severity: 'warning', meaning: 'a property that the binding requires is not there' },
  'property-malformed': { severity: 'warning', meaning: 'a property cannot be read as what it has to be' },
  'version-unreadable': { severity: 'warning', meaning: 'the version in `compatible` is no number' },
  'version-newer': { severity: 'info', meaning: 'the version is newer than any that is known here' },
  'version-not-first': {
    severity: 'warning',
    meaning: 'the version stands in a later string of `compatible`; Linux reads the first one only',
  },
  'no-fallback': { severity: 'warning', meaning: '`compatible` names no version that Linux matches' },
  'wrong-path': { severity: 'warning', meaning: 'software looks for the node at another path' },
  'psci-missing': { severity: 'warning', meaning: 'CPUs are enabled by PSCI, and the tree has no usable PSCI node' },
  'cpu-reg-missing': { severity: 'error', meaning: 'a CPU has no `reg`, so nothing can name it' },
  'cpu-reg-malformed': { severity: 'error', meaning: "a CPU's `reg` is not as long as `#address-cells` of /cpus says" },
  'cpu-reg-reserved': {
    severity: 'warning',
    meaning: "a CPU's `reg` has bits outside the affinity fields of MPIDR, such as bit 31",
  },
  'cpu-reg-duplicate': { severity: 'error', meaning: 'two CPUs have the same `reg`' },
  'cpu-unit-address': { severity: 'info', meaning: "a CPU's name and its `reg` differ; calls go by `reg`" },
} as const;

/** A stable name for one kind of finding. */
export type DiagnosticCode = keyof typeof DIAGNOSTICS;

/** Something a person should know about a node. */
export interface Diagnostic {
  readonly severity: Severity;
  readonly code: DiagnosticCode;
  readonly message: string;
}

/** A finding that belongs to no interface, with the node it is about. */
export interface TreeDiagnostic extends Diagnostic {
  readonly path: string;
}

/** A finding of a kind, in words. */
export function diagnostic(code: DiagnosticCode, message: string): Diagnostic {
  return { severity: DIAGNOSTICS[code].severity, code, message };
}
