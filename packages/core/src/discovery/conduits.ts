import type { DeviceTreeNode } from '@trapline/devicetree';
import type { ConduitKind } from '../abi/convention.js';
import type { Binding } from './bindings.js';
import { type Diagnostic, diagnostic } from './diagnostics.js';
import { isNewer } from './version.js';

/** Where a conduit is known from; null where it is not known. */
export type ConduitSource = 'property' | 'implied' | 'smccc' | 'decoded';

/** A node's conduit, and why it is that one. */
export interface ResolvedConduit {
  readonly conduit: ConduitKind | null;
  readonly source: ConduitSource | null;
  /** In words. */
  readonly why: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** A node whose conduit others take over. */
export interface ConduitOwner {
  readonly path: string;
  readonly version: string | null;
  readonly conduit: ConduitKind;
}

/** Those nodes of a tree, where there are any that can be used. */
export interface ConduitOwners {
  readonly psci: ConduitOwner | undefined;
  readonly optee: ConduitOwner | undefined;
}

/** What machine instructions in a node mean; undefined where the node has none. */
export type HcallReader = (
  node: DeviceTreeNode,
) => Pick<ResolvedConduit, 'conduit' | 'why' | 'diagnostics'> | undefined;

/**
 * The conduit of a node by its binding's rule, `version` being that of its compatible strings. `readHcall` is asked about
 * machine instructions, where there is one.
 */
export function resolveConduit(
  node: DeviceTreeNode,
  binding: Binding,
  version: string | null,
  owners: ConduitOwners,
  readHcall?: HcallReader,
): ResolvedConduit {
  const rule = binding.conduit;
  switch (rule.from) {
    case 'method':
      return methodConduit(node);
    case 'compatible': {
      const unknown = version === null || (binding.newest !== undefined && isNewer(version, binding.newest));
      if (rule.laterByMethod === true && unknown && node.has('method')) return methodConduit(node);
      const conduit = rule.conduit ?? null;
      return { conduit, source: 'implied', why: rule.why, diagnostics: impliedDiagnostics(node, binding, conduit) };
    }
    case 'smccc':
      return smcccConduit(binding, owners.psci);
    case 'optee':
      return opteeConduit(owners.optee);
    case 'hcall-instructions':
      return hcallConduit(node, readHcall);
  }
}

/** Whether a node says by `method` that it takes calls. */
export function hasCallMethod(node: DeviceTreeNode): boolean {
  const method = methodOf(node);
  return method === 'hvc' || method === 'smc';
}

/** The conduit that `method` names. */
export function methodConduit(node: DeviceTreeNode): ResolvedConduit {
  if (!node.has('method')) {
    return unresolved(
      'the node has no method',
      diagnostic('method-missing', 'method is missing; add method = "hvc" or method = "smc"'),
    );
  }
  const method = methodOf(node);
  if (method === 'hvc' || method === 'smc') {
    return { conduit: method, source: 'property', why: `method = "${method}"`, diagnostics: [] };
  }
  const words = method === undefined ? 'is not one string' : `is "${method}"`;
  return unresolved(
    `method ${words}`,
    diagnostic('method-invalid', `method ${words}; it has to be "hvc" or "smc", in lower case`),
  );
}

/** `method` counts where it stands, also beside instructions; without either of them it is what is missing. */
function hcallConduit(node: DeviceTreeNode, readHcall: HcallReader | undefined): ResolvedConduit {
  const property = HCALL_PROPERTIES.find((name) => node.has(name));
  if (property === undefined) return methodConduit(node);
  if (node.has('method')) {
    const resolved = methodConduit(node);
    const ignored = diagnostic('hcall-ignored', `method counts; remove ${property}`);
    return { ...resolved, diagnostics: [...resolved.diagnostics, ignored] };
  }
  const decoded = readHcall?.(node);
  if (decoded !== undefined) return { ...decoded, source: decoded.conduit === null ? null : 'decoded' };
  const why = `${property} holds machine instructions, which are read but never executed`;
  return unresolved(why, diagnostic('hcall-not-decoded', `${why}; nothing here reads them`));
}

/** ePAPR's name of the property, and the one in Linux's Documentation/virt/kvm/ppc-pv.rst. */
const HCALL_PROPERTIES = ['hcall-instructions', 'hypercall-instructions'];

function smcccConduit(binding: Binding, psci: ConduitOwner | undefined): ResolvedConduit {
  if (psci === undefined) {
    const why = "calls take PSCI's conduit, and the tree has no usable PSCI node";
    return unresolved(why, diagnostic('smccc-missing', `${why}; add one with method`));
  }
  const diagnostics: Diagnostic[] = [];
  if (psci.version === '0.1') {
    const what = `${psci.path} says PSCI 0.1, by which SMCCC 1.1 is not found; Linux will refuse these calls`;
    diagnostics.push(diagnostic('smccc-unlikely', what));
  }
  if (binding.interface === 'kvm' && psci.conduit === 'smc') {
    diagnostics.push(diagnostic('kvm-over-smc', `Linux asks for KVM's UID by HVC only, and ${psci.path} takes SMC`));
  }
  const why = `SMCCC's conduit, which is that of ${psci.path} (method = "${psci.conduit}")`;
  return { conduit: psci.conduit, source: 'smccc', why, diagnostics };
}

function opteeConduit(optee: ConduitOwner | undefined): ResolvedConduit {
  if (optee === undefined) {
    const why = "calls take OP-TEE's conduit, and the tree has no usable OP-TEE node";
    return unresolved(why, diagnostic('optee-missing', `${why}; add one with method`));
  }
  const why = `OP-TEE's conduit, which is that of ${optee.path} (method = "${optee.conduit}")`;
  return { conduit: optee.conduit, source: 'smccc', why, diagnostics: [] };
}

function impliedDiagnostics(node: DeviceTreeNode, binding: Binding, conduit: ConduitKind | null): Diagnostic[] {
  if (conduit === null) {
    return [
      diagnostic('trapped-register', `${binding.interface} is called by access to a register, not by HVC or SMC`),
    ];
  }
  const method = methodOf(node);
  if (method === undefined || method === conduit) return [];
  const what = `method = "${method}" has no meaning here: ${binding.interface} is called by ${conduit.toUpperCase()} only`;
  return [diagnostic('method-ignored', what)];
}

/** `method`, where it is one string. */
function methodOf(node: DeviceTreeNode): string | undefined {
  const property = node.property('method');
  if (property?.isStrings !== true) return undefined;
  const strings = property.strings();
  return strings.length === 1 ? strings[0] : undefined;
}

function unresolved(why: string, finding: Diagnostic): ResolvedConduit {
  return { conduit: null, source: null, why, diagnostics: [finding] };
}
