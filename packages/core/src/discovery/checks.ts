import type { DeviceTreeNode } from '@trapline/devicetree';
import type { RequiredProperty } from './bindings.js';
import { type Diagnostic, diagnostic } from './diagnostics.js';
import type { Recognised } from './recognise.js';

/** What a node lacks of what its binding asks for. */
export function checkNode(node: DeviceTreeNode, path: string, { binding, version }: Recognised): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const required of binding.required ?? []) {
    if (required.version === undefined || required.version === version) found.push(...checkRequired(node, required));
  }
  if (binding.place !== undefined && path !== binding.place.path) {
    const { reader, path: wanted } = binding.place;
    found.push(diagnostic('wrong-path', `${reader} looks for ${binding.interface} at ${wanted} only`));
  }
  if (binding.interface === 'kvm') {
    found.push(
      diagnostic(
        'kvm-has-no-node',
        'on ARM, KVM is asked for by its vendor UID (function 0x8600ff01); "linux,kvm" is the binding of PowerPC',
      ),
    );
  }
  return found;
}

function checkRequired(node: DeviceTreeNode, required: RequiredProperty): Diagnostic[] {
  const property = node.property(required.name) ?? (required.or && node.property(required.or)) ?? undefined;
  if (!property) {
    return [diagnostic('property-missing', `${required.name} is missing: ${required.purpose}`)];
  }
  if (property.length === 0 || (required.cell === true && property.length !== 4)) {
    const wanted = required.cell ? 'one cell' : 'a value';
    return [
      diagnostic('property-malformed', `${property.name} has ${property.length} bytes where ${wanted} has to stand`),
    ];
  }
  return [];
}
